import assert from "node:assert/strict";
import { type RunningServer, sharedServerTest } from "../servers/mod.ts";
import { runHdfsCli } from "../support/hdfs.ts";
import { until } from "../support/until.ts";
import { type AwayStage, untilStaged, withAway } from "./hdfs/away.ts";
import { HdfsLook } from "./hdfs/look.ts";
import { FORMATS, hdfsSink } from "./hdfs/pipelines.ts";
import { ROUNDS, SEED } from "./settings.ts";

const hdfsTest = sharedServerTest("hdfs");
const MIB = 1024 * 1024;
const STAGE_BYTES = 8 * MIB;
/** A batch more may be written, and the heads of the files. */
const OVER_BYTES = 2 * MIB;
const FED_BYTES = (ROUNDS > 3 ? 40 : 28) * MIB;
const RSS_LIMIT_BYTES = 300 * MIB;
const AWAY_MS = ROUNDS > 3 ? 60_000 : 2000;
const STOP_LIMIT_MS = 25_000;
/** Else it is asked again with waits as long as it was away. */
const SOON = ROUNDS > 3 ? "" : ", hdfs.retryInterval: 1s";
const BOUNDED = `${FORMATS.DataStream}, stageSize: 8MiB`;
const APPEND = `${FORMATS.DataStream}, durable: append, hdfs.callTimeout: 5s`;

function lookAt({ env }: RunningServer, folder: string): HdfsLook {
  return new HdfsLook(env.HDFS_WEBHDFS!, folder);
}

function sinkTo({ env }: RunningServer, folder: string, more: string): string {
  return hdfsSink({ target: env.HDFS_URI + folder, nameNodes: env.HDFS_WEBHDFS, more });
}

/** The stage is full and not fuller, the source waits, and memory does not grow. */
function assertHeld(stage: AwayStage): void {
  assert.ok(stage.stagedBytes <= STAGE_BYTES + OVER_BYTES, `${stage.stagedBytes} bytes in the stage`);
  assert.ok(stage.rssBytes <= RSS_LIMIT_BYTES, `it holds ${stage.rssBytes} bytes of memory`);
  assert.ok(stage.waitingFiles > 0, "the source does not wait");
}

hdfsTest(
  `a quota that is used up holds the source until it is raised (TRIAL_SEED=${SEED})`,
  async (server) => {
    const name = "quota of HDFS";
    const look = lookAt(server, "/quota");
    await look.client.mkdirs("/quota");
    await runHdfsCli(server.env, ["dfsadmin", "-setSpaceQuota", "12m", "/quota"]);
    const sink = sinkTo(server, "/quota", `${BOUNDED}, hdfs.blockSize: 1MiB, hdfs.retryInterval: 1s`);
    await withAway({ name, look, sink }, async (stage) => {
      stage.drop(FED_BYTES);
      const agent = stage.start();
      await agent.untilItSays("QuotaExceeded", 60_000);
      await untilStaged(stage, STAGE_BYTES - MIB, 1000);
      assertHeld(stage);
      await runHdfsCli(server.env, ["dfsadmin", "-clrSpaceQuota", "/quota"]);
      await stage.finish({});
    });
  },
);

for (const [what, more] of Object.entries({ stage: FORMATS.DataStream, append: APPEND })) {
  for (const [away, back] of [["kill", "start"], ["pause", "resume"]] as const) {
    // One takes ten seconds.
    const isLeftOut = ROUNDS <= 3 && (what === "append" || away === "kill");
    if (isLeftOut) continue;
    const name = `stop while HDFS is away (${away}, durable: ${what})`;
    hdfsTest(`${name} is soon, and the next start brings all (TRIAL_SEED=${SEED})`, async (server) => {
      const folder = `/stop-${away}-${what}`;
      await withAway(
        { name, look: lookAt(server, folder), sink: sinkTo(server, folder, more) },
        async (stage) => {
          stage.drop(4 * MIB);
          stage.start();
          await until("some files", () => stage.watch.size > 0, 30_000);
          await server.control(`${away} namenode1`);
          stage.drop(4 * MIB);
          await new Promise((resolve) => setTimeout(resolve, 500));
          const stopMs = await stage.stop().finally(() => server.control(`${back} namenode1`));
          assert.ok(stopMs < STOP_LIMIT_MS, `it took ${stopMs} ms`);
          stage.start();
          await stage.finish({ stopMs });
        },
      );
    });
  }
}

hdfsTest(
  `HDFS that is away for ${
    AWAY_MS / 1000
  } s, at the start and later, fills the stage and holds the source, and then gets all (TRIAL_SEED=${SEED})`,
  async (server) => {
    const name = "HDFS away";
    await server.control("kill namenode1");
    const [look, sink] = [lookAt(server, "/away"), sinkTo(server, "/away", `${BOUNDED}${SOON}`)];
    await withAway({ name, look, sink }, async (stage) => {
      stage.drop(FED_BYTES);
      stage.start();
      await untilStaged(stage, STAGE_BYTES - MIB, AWAY_MS);
      assertHeld(stage);
      await server.control("start namenode1");
      await until("some files", () => stage.watch.size >= 2, 60_000);
      // Its calls hang now, in place of being refused.
      await server.control("pause namenode1");
      stage.stagedBytes = 0;
      stage.drop(FED_BYTES);
      await untilStaged(stage, STAGE_BYTES - MIB, AWAY_MS);
      assertHeld(stage);
      await server.control("resume namenode1");
      await stage.finish({ awayMs: AWAY_MS });
    });
  },
);
