import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { serverTest } from "../servers/mod.ts";
import { until } from "../support/until.ts";
import { startFlume } from "./flume/flume.ts";
import { Peer } from "./peer.ts";
import { spawnSluice } from "./sluice.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const LINES = 150_000;
/** What Flume had in hand when it was killed: a batch of the source, and one of the sink. */
const IN_HAND = 100 + 50;

/** Small logs in two folders, so that many of them are begun and some are given up. */
const CONF = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = spooldir
a1.sources.r1.spoolDir = spool
a1.sources.r1.batchSize = 100
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.channels.c1.checkpointDir = channel/checkpoint
a1.channels.c1.dataDirs = channel/one, channel/two
a1.channels.c1.capacity = 200000
a1.channels.c1.transactionCapacity = 1000
a1.channels.c1.maxFileSize = 200000
a1.channels.c1.checkpointInterval = 500
a1.channels.c1.minimumRequiredSpace = 1048576
a1.channels.c1.fsyncPerTransaction = false
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = out
a1.sinks.k1.sink.rollInterval = 0
a1.sinks.k1.sink.batchSize = 50
a1.sinks.k1.channel = c1
`;

/** How often each number stands in a whole line of the folder. */
function countsIn(folder: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { name } of Deno.readDirSync(folder)) {
    if (name.startsWith(".")) continue;
    for (const line of Deno.readTextFileSync(`${folder}/${name}`).split("\n").slice(0, -1)) {
      const [, number] = /^line (\d+) x{40}$/.exec(line) ?? [];
      if (number !== undefined) counts.set(Number(number), (counts.get(Number(number)) ?? 0) + 1);
    }
  }
  return counts;
}

function runAdopt(folder: string): Peer {
  return new Peer({
    program: Deno.execPath(),
    args: ["run", "-A", CLI, "adopt", "agent.conf", "--name", "a1", "--state-dir", `${folder}/state`],
    cwd: folder,
  });
}

serverTest(
  "flume",
  "what Flume had read, queued and delivered when it was killed is taken over, and no line is missing",
  async (env) => {
    const folder = await Deno.makeTempDir({ prefix: "adopt-" });
    try {
      for (const name of ["spool", "out"]) await Deno.mkdir(`${folder}/${name}`);
      const text = Array.from({ length: LINES }, (_, number) => `line ${number} ${"x".repeat(40)}\n`).join(
        "",
      );
      await Deno.writeTextFile(`${folder}/spool/all.log`, text);
      const flume = await startFlume({ classpath: env.FLUME_CLASSPATH!, name: "a1", conf: CONF, folder });
      await until("some lines", () => countsIn(`${folder}/out`).size > 1000, 30_000);
      await Deno.writeTextFile(`${folder}/agent.conf`, CONF);
      const early = runAdopt(folder);
      assert.equal((await early.ended).code, 3, early.lastWords);
      assert.match(early.lastWords, /is in use by process \d+: stop the agent first/);
      await flume.kill();
      const before = countsIn(`${folder}/out`).size;
      assert.ok(before < LINES, "Flume was through before it was killed");
      const adopt = runAdopt(folder);
      assert.equal((await adopt.ended).code, 0, adopt.lastWords);
      const sluice = await spawnSluice({ name: "a1", conf: CONF, folder, listening: 0 });
      await until("all lines", () => countsIn(`${folder}/out`).size === LINES, 30_000).finally(() =>
        sluice.stop()
      );
      const repeated = [...countsIn(`${folder}/out`)].filter(([, count]) => count > 1);
      assert.ok(
        repeated.length <= IN_HAND,
        `${repeated.length} lines twice, after ${before}; ${adopt.lastWords}`,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
