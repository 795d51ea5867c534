import { avroCases } from "./cases/avro.ts";
import { confCases } from "./cases/conf.ts";
import { fileCases } from "./cases/file.ts";
import { flumeCases } from "./cases/flume.ts";
import { hdfsCases } from "./cases/hdfs.ts";
import { httpCases } from "./cases/http.ts";
import { journalCases } from "./cases/journal.ts";
import { kafkaCases } from "./cases/kafka.ts";
import { kafkaSweepCases } from "./cases/kafka_sweep.ts";
import { liveCases } from "./cases/live.ts";
import { netcatCases } from "./cases/netcat.ts";
import { stageCases } from "./cases/stages.ts";
import { syslogCases } from "./cases/syslog.ts";
import { thriftCases } from "./cases/thrift.ts";
import type { Case } from "./lab.ts";

/** All cases, in the order in which they run. */
export const CASES: readonly Case[] = [
  ...fileCases,
  ...httpCases,
  ...netcatCases,
  ...syslogCases,
  ...avroCases,
  ...thriftCases,
  ...kafkaCases,
  ...hdfsCases,
  ...journalCases,
  ...liveCases,
  ...flumeCases,
  ...stageCases,
  ...confCases,
];

/** Many settings of one thing, for the curves of the guide; they run only when they are asked for. */
const SWEEPS: readonly Case[] = kafkaSweepCases;

/** The cases with one of the filters in their name; all but the sweeps without a filter. */
export function chooseCases(filters: readonly string[]): readonly Case[] {
  if (filters.length === 0) return CASES;
  return [...CASES, ...SWEEPS].filter(({ name }) => filters.some((filter) => name.includes(filter)));
}
