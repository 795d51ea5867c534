import { avroCases } from "./cases/avro.ts";
import { confCases } from "./cases/conf.ts";
import { fileCases } from "./cases/file.ts";
import { flumeCases } from "./cases/flume.ts";
import { httpCases } from "./cases/http.ts";
import { journalCases } from "./cases/journal.ts";
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
  ...journalCases,
  ...liveCases,
  ...flumeCases,
  ...stageCases,
  ...confCases,
];

/** The cases with one of the filters in their name; all without a filter. */
export function chooseCases(filters: readonly string[]): readonly Case[] {
  if (filters.length === 0) return CASES;
  return CASES.filter(({ name }) => filters.some((filter) => name.includes(filter)));
}
