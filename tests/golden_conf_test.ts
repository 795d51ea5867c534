import assert from "node:assert/strict";
import { denoSurroundings } from "../commands/_surroundings.ts";
import { compile } from "../compiler/compile.ts";
import { renderDiagnostics } from "../compiler/diagnostics.ts";
import { memoryPositions } from "../core/position.ts";
import { type RunningPipeline, startPipeline } from "../core/supervisor.ts";
import { AVRO_COMPRESSIONS } from "../protocols/avro_compression.ts";
import { AvroReader } from "../protocols/avro_container.ts";
import { until } from "./support/until.ts";

const GOLDEN = new URL("./data/golden/", import.meta.url);
const SYNC_BYTES = 16;

/** The file of a folder that holds something: Flume leaves an empty one behind at each roll. */
function contentOf(folder: URL): { readonly name: string; readonly bytes: Uint8Array } {
  const files = Array.from(Deno.readDirSync(folder), ({ name }) => ({
    name,
    bytes: Deno.readFileSync(new URL(name, folder)),
  }));
  const [only, ...others] = files.filter(({ bytes }) => bytes.length > 0);
  assert.equal(others.length, 0, files.map(({ name }) => name).join(", "));
  return only!;
}

/** An Avro container with its random marker blotted out, and its blocks expanded; other files as they are. */
async function comparable(bytes: Uint8Array): Promise<unknown> {
  if (bytes[0] !== "O".charCodeAt(0)) return bytes;
  const reader = new AvroReader(bytes);
  const head = reader.head()!;
  const parts: unknown[] = [bytes.slice(0, reader.offset - SYNC_BYTES)];
  const { expand } = AVRO_COMPRESSIONS[head.codec as keyof typeof AVRO_COMPRESSIONS];
  for (let block = reader.block(head, 1e6); block; block = reader.block(head, 1e6)) {
    const plain = await expand(bytes.slice(block.start, block.end), 1e6);
    parts.push({ count: block.count, plain: plain.slice() });
  }
  return parts;
}

/** A name with the digits of the time in it made equal. */
function shapeOf(name: string): string {
  return name.replace(/\d{13,14}/, (digits) => "9".repeat(digits.length));
}

/** Starts the agent of golden.conf, unchanged but for the port. */
async function startGolden(folder: string): Promise<RunningPipeline> {
  const text = (await Deno.readTextFile(new URL("golden.conf", GOLDEN))).replace("port = 41061", "port = 0");
  const around = { ...denoSurroundings(undefined, `${folder}/state`), cwd: folder };
  const { plan, diagnostics } = await compile(text, `${folder}/golden.conf`, around);
  assert.ok(plan, renderDiagnostics(diagnostics));
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  return await startPipeline(plan, { logger: () => silent, positions: memoryPositions() });
}

Deno.test("golden.conf, run as it is, writes the files that Flume wrote, names and bytes", async () => {
  const folder = await Deno.makeTempDir();
  const before = Deno.cwd();
  Deno.chdir(folder);
  try {
    const running = await startGolden(folder);
    const port = () => running.components().find(({ kind }) => kind === "source")!.counters["Port"];
    await until("a port", () => port() !== undefined);
    const body = await Deno.readTextFile(new URL("events.json", GOLDEN));
    const { status } = await fetch(`http://127.0.0.1:${port()}/`, { method: "POST", body });
    assert.equal(status, 200);
    await running.stop();
    const folders = Array.from(Deno.readDirSync(new URL(`file://${folder}/out`)), ({ name }) => name).sort();
    assert.equal(folders.length, 6);
    for (const name of folders) {
      const [ours, theirs] = [new URL(`file://${folder}/out/${name}/`), new URL(`${name}/`, GOLDEN)].map(
        contentOf,
      );
      assert.equal(shapeOf(ours!.name), shapeOf(theirs!.name));
      assert.deepEqual(await comparable(ours!.bytes), await comparable(theirs!.bytes), name);
    }
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
});
