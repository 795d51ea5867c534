import assert from "node:assert/strict";
import { sharedServerTest } from "../servers/mod.ts";
import { until } from "../support/until.ts";
import { Bodies } from "./bodies.ts";
import { HdfsLook } from "./hdfs/look.ts";
import { FILE, FORMATS, hdfsSink, SPOOL } from "./hdfs/pipelines.ts";
import { Watch } from "./hdfs/watch.ts";
import { untilArrived } from "./kafka/arrival.ts";
import { Crew } from "./kafka/crew.ts";
import { outputBytes } from "./output.ts";
import { randomFor, SEED } from "./settings.ts";
import { SpoolFeed } from "./spool_feed.ts";
import { inFolder } from "./trial_folder.ts";

const hdfsTest = sharedServerTest("hdfs");
const WRITER = "writer";
const LINES = 2000;
/** HDFS holds a file for a minute for a writer that was lost. */
const ARRIVAL_LIMIT_MS = 120_000;
const GROUP =
  "{ sinks: [far, spare], processor: { type: failover, priority: { far: 9, spare: 1 }, maxpenalty: 2s } }";

/** Files at a target, or in another folder while that is away. */
const pipelineOf = (far: string) => `
sources: { in: { ${SPOOL}, channels: [main] } }
channels: { main: ${FILE} }
sinks:
  far: ${far.replace("{", "{ channel: main,")}
  spare: { type: file_roll, channel: main, directory: FOLDER/out, sink.rollInterval: 0 }
sinkGroups: { all: ${GROUP} }
`;

hdfsTest(
  `files take over from HDFS that is away, which gets events again when it is back (TRIAL_SEED=${SEED})`,
  async (server) => {
    const name = "failover";
    const nameNodes = server.env.HDFS_WEBHDFS!;
    const more = `${FORMATS.DataStream}, durable: append, hdfs.callTimeout: 5s`;
    const far = hdfsSink({ target: `${server.env.HDFS_URI}/failover`, nameNodes, more });
    await inFolder(name, async (folder) => {
      await using crew = new Crew(folder);
      crew.add(WRITER, pipelineOf(far));
      const feed = new SpoolFeed(`${folder}/${WRITER}`, { bodies: new Bodies(), random: randomFor(name) });
      await using watch = new Watch(new HdfsLook(nameNodes, "/failover"), `${folder}/copy`);
      feed.drop(LINES);
      const agent = crew.start(WRITER);
      await until("some files in HDFS", () => watch.size > 0, 30_000);
      await server.control("kill namenode1");
      const awayMs = performance.now();
      feed.drop(LINES);
      await agent.untilItSays("cools down", 60_000);
      await until("events beside HDFS", () => outputBytes(crew.output(WRITER)) > 0, 60_000);
      const takeOverMs = Math.round(performance.now() - awayMs);
      await server.control("start namenode1");
      const [startMs, size] = [performance.now(), watch.size];
      await until("more files in HDFS", async () => {
        feed.drop(10);
        await new Promise((resolve) => setTimeout(resolve, 200));
        return watch.size > size + 1;
      }, ARRIVAL_LIMIT_MS);
      const returnMs = Math.round(performance.now() - startMs);
      const verdict = await untilArrived({
        outputs: [watch.copy, crew.output(WRITER)],
        written: feed.written,
        says: () => crew.lastWords(WRITER),
        limitMs: ARRIVAL_LIMIT_MS,
      });
      await crew.stop(WRITER);
      await watch.finish();
      console.log(JSON.stringify({ trial: name, seed: SEED, ...verdict, takeOverMs, returnMs }));
      assert.deepEqual(watch.faults, []);
      assert.deepEqual([verdict.lost, verdict.wrong], [0, 0], verdict.faults.join("\n"));
    });
  },
);
