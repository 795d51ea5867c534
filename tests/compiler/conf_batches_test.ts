import assert from "node:assert/strict";
import { denoSurroundings } from "../../commands/_surroundings.ts";
import { compile } from "../../compiler/compile.ts";
import { memoryPositions } from "../../core/position.ts";
import { startPipeline } from "../../core/supervisor.ts";

const EVENTS = 3000;

const conf = (folder: string) =>
  `a2.sources = r2
a2.channels = c2 c3
a2.sinks = k2 k3
a2.sources.r2.type = exec
a2.sources.r2.command = seq 1 ${EVENTS}
a2.sources.r2.batchSize = 1000
a2.sources.r2.channels = c2 c3
a2.channels.c2.type = memory
a2.channels.c2.capacity = 100
a2.channels.c2.transactionCapacity = 100
a2.channels.c3.type = memory
a2.sinks.k3.type = null
a2.sinks.k3.batchSize = 1000
a2.sinks.k3.channel = c3
a2.sinks.k2.type = file_roll
a2.sinks.k2.sink.directory = ${folder}/out
a2.sinks.k2.sink.rollInterval = 0
a2.sinks.k2.sink.batchSize = 1000
a2.sinks.k2.channel = c2
`;

Deno.test("batches larger than the transactions of their channel are cut, and nothing is lost or repeated", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const text = conf(folder);
    const { plan, diagnostics } = await compile(text, "flume.conf", denoSurroundings(undefined, folder));
    assert.equal(diagnostics.filter(({ code }) => code === "large-batch").length, 2);
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    await Deno.mkdir(`${folder}/out`);
    const running = await startPipeline(plan!, { logger: () => silent, positions: memoryPositions() });
    await running.finished;
    const drained = running.components().find(({ kind, name }) => kind === "sink" && name === "k3")!;
    assert.equal(drained.counters["EventDrainSuccessCount"], EVENTS);
    const files = Array.from(Deno.readDirSync(`${folder}/out`), ({ name }) => name).filter((name) =>
      !name.startsWith(".")
    );
    const lines = files.flatMap((name) =>
      Deno.readTextFileSync(`${folder}/out/${name}`).split("\n").slice(0, -1)
    );
    assert.deepEqual(lines, Array.from({ length: EVENTS }, (_, index) => String(index + 1)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
