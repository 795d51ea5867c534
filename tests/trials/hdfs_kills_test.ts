import assert from "node:assert/strict";
import { sharedServerTest } from "../servers/mod.ts";
import { assertExactlyOnce } from "./exactly_once.ts";
import { HdfsLook } from "./hdfs/look.ts";
import { BY_KIND, BY_TIME, FILE, FORMATS, hdfsSink, KIND, SPOOL, TAIL } from "./hdfs/pipelines.ts";
import { Watch } from "./hdfs/watch.ts";
import { ROUNDS, SEED } from "./settings.ts";
import { logFeed, runTrial, spoolFeed, type TrialFeed } from "./trial.ts";
import { inFolder } from "./trial_folder.ts";

const hdfsTest = sharedServerTest("hdfs");
/** HDFS may hold a file that grows by appends for a minute for an agent that was killed. */
const FRESH_LIMIT_MS = 120_000;
const APPEND = "durable: append, appendInterval: 200";

/** What a sink writes, and into which folders. */
interface Writing {
  readonly partition: string;
  readonly more: string;
}

/** A pipeline that promises to deliver exactly once, to each of its sinks. */
interface Case {
  readonly name: string;
  readonly source: string;
  readonly channel: string;
  readonly feed: (folder: string) => TrialFeed;
  readonly sinks: readonly Writing[];
}

const SPOOLED = { source: SPOOL, channel: FILE, feed: spoolFeed };
const TAILED = { source: TAIL, channel: "{ type: direct }", feed: logFeed };

const SINKS = {
  "DataStream by a header": { partition: BY_KIND, more: FORMATS.DataStream },
  "SequenceFile by date": { partition: BY_TIME, more: FORMATS["SequenceFile (Text)"] },
  "Avro by a header": { partition: BY_KIND, more: FORMATS.Avro },
  "CompressedStream by date": { partition: BY_TIME, more: FORMATS["CompressedStream (gzip)"] },
  "SequenceFile of blocks by a header": { partition: BY_KIND, more: FORMATS["SequenceFile (gzip)"] },
} as const;

/** The same with appends. */
const APPENDING = Object.fromEntries(
  Object.entries(SINKS).map(([name, { partition, more }]) => [
    `${name}, durable: append`,
    { partition, more: `${more}, ${APPEND}` },
  ]),
);

const CASES: readonly Case[] = ROUNDS > 3
  ? Object.entries({ ...SINKS, ...APPENDING }).flatMap(([name, sink]) => [
    { name: `spooldir → file → hdfs, ${name}`, ...SPOOLED, sinks: [sink] },
    { name: `taildir → direct → hdfs, ${name}`, ...TAILED, sinks: [sink] },
  ])
  : [
    {
      name: "spooldir → file → hdfs, as DataStream, SequenceFile, Avro, and by appends",
      ...SPOOLED,
      sinks: [...Object.values(SINKS).slice(0, 3), APPENDING["DataStream by a header, durable: append"]!],
    },
    {
      name: "taildir → direct → hdfs, CompressedStream by date",
      ...TAILED,
      sinks: [SINKS["CompressedStream by date"]],
    },
  ];

/** A pipeline with a channel for each sink. */
function pipelineOf({ source, channel, sinks }: Case, sinkTo: (at: number) => string): string {
  const channels = sinks.map((_, at) => `c${at}`);
  return [
    `sources: { in: { ${source}, interceptors: [${KIND}], channels: [${channels}] } }`,
    `channels: { ${channels.map((name) => `${name}: ${channel}`).join(", ")} }`,
    "sinks:",
    ...channels.map((name, at) => `  s${at}: ${sinkTo(at).replace(/}$/, `, channel: ${name} }`)}`),
  ].join("\n");
}

for (const [index, about] of CASES.entries()) {
  const { name, sinks, feed } = about;
  hdfsTest(
    `${name}: exactly once in whole files, whenever it is killed (TRIAL_SEED=${SEED})`,
    ({ env }) =>
      inFolder(name, async (folder) => {
        await using watches = new AsyncDisposableStack();
        const root = (at: number) => `/kills-${index}-${at}`;
        const watched = sinks.map((_, at) =>
          watches.use(new Watch(new HdfsLook(env.HDFS_WEBHDFS!, root(at)), `${folder}/copy${at}`))
        );
        const sinkTo = (at: number) =>
          hdfsSink({ target: env.HDFS_URI! + root(at), nameNodes: env.HDFS_WEBHDFS, ...sinks[at]! });
        const options = { pipeline: `${folder}/trial.yaml`, stateDir: `${folder}/state` };
        await Deno.writeTextFile(
          options.pipeline,
          pipelineOf(about, sinkTo).replaceAll("FOLDER", folder),
        );
        const report = await runTrial({
          ...{
            name,
            options,
            freshLimitMs: FRESH_LIMIT_MS,
            feed: feed(folder),
            outputs: watched.map(({ copy }) => copy),
          },
          onStopped: async () => void await Promise.all(watched.map((watch) => watch.finish())),
        });
        for (const { size, looks, faults } of watched) {
          console.log(JSON.stringify({ files: size, looks }));
          assert.deepEqual(faults, []);
        }
        assertExactlyOnce(report);
      }),
  );
}
