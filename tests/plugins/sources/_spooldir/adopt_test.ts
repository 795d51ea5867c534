import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Pattern } from "sluice/plugin";
import { adoptTracker } from "../../../../plugins/sources/_spooldir/adopt.ts";
import { SpoolFolder } from "../../../../plugins/sources/_spooldir/spool_folder.ts";
import { encodeAvroBlock, encodeAvroHead } from "../../../../protocols/avro_container.ts";

const TRACKER = fileURLToPath(new URL("../../../data/golden/spooldir-tracker.meta", import.meta.url));
const NAME = ".flumespool-main.meta";

/** A folder called "spool", as the sample of the tracker file names it. */
async function inSpool(body: (path: string, folder: SpoolFolder) => void): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    Deno.mkdirSync(`${root}/spool/.flumespool`, { recursive: true });
    const folder = new SpoolFolder({
      spoolDir: `${root}/spool`,
      includePattern: new Pattern("^.*$"),
      ignorePattern: new Pattern("^$"),
      fileSuffix: ".COMPLETED",
      asideSuffix: ".ASIDE",
      trackerDir: ".flumespool",
      trackingPolicy: "rename",
      recursiveDirectorySearch: false,
      consumeOrder: "oldest",
    });
    body(`${root}/spool`, folder);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("spooldir goes on in the file that Flume's tracker names, and begins the others at their start", () =>
  inSpool((path, folder) => {
    Deno.copyFileSync(TRACKER, `${path}/.flumespool/${NAME}`);
    Deno.writeTextFileSync(`${path}/a.log`, "x".repeat(200));
    Deno.writeTextFileSync(`${path}/b.log`, "y");
    const { found, warnings, position } = adoptTracker(folder, "line");
    assert.deepEqual(warnings, []);
    assert.deepEqual(found, [`${path}/a.log: goes on at byte 122 of 200`, `1 more file waits in ${path}`]);
    assert.match(String(position!["a.log"]), /^122@\d+:\d+:200:\d+$/);
  }));

Deno.test("spooldir takes the last whole offset of a tracker file that a crash has cut", () =>
  inSpool((path, folder) => {
    const whole = Deno.readFileSync(TRACKER);
    Deno.writeFileSync(`${path}/.flumespool/${NAME}`, whole.subarray(0, whole.length - 3));
    Deno.writeTextFileSync(`${path}/a.log`, "x".repeat(200));
    assert.match(String(adoptTracker(folder, "line").position!["a.log"]), /^80@/);
  }));

Deno.test("spooldir takes nothing over where there is no tracker, its file is gone, or is shorter", () =>
  inSpool((path, folder) => {
    assert.equal(adoptTracker(folder, "line").position, undefined);
    Deno.copyFileSync(TRACKER, `${path}/.flumespool/${NAME}`);
    assert.match(adoptTracker(folder, "line").warnings[0]!, /spool\/a\.log: Flume had read 122 bytes of it/);
    Deno.writeTextFileSync(`${path}/a.log`, "short");
    const { position, warnings } = adoptTracker(folder, "line");
    assert.equal(position, undefined);
    assert.match(warnings[0]!, /has 5 bytes, and Flume had read 122; read from its start/);
    Deno.writeTextFileSync(`${path}/.flumespool/${NAME}`, "no container");
    assert.throws(() => adoptTracker(folder, "line"), /Cannot read the tracker file/);
  }));

Deno.test("spooldir counts the events of an Avro file that lie in front of the block that Flume was reading", () =>
  inSpool((path, folder) => {
    const head = { schema: '"long"', codec: "null", sync: new Uint8Array(16).fill(7) };
    const parts: Uint8Array[] = [encodeAvroHead(head).slice()];
    const blocks = [3, 4, 5].map((count) => encodeAvroBlock(head, count, new Uint8Array(count)));
    for (const block of blocks) parts.push(...block.map((part) => part.slice()));
    const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
    Deno.writeFileSync(`${path}/a.avro`, bytes);
    const blockBytes = (block: readonly Uint8Array[]) => block.reduce((sum, { length }) => sum + length, 0);
    // Flume notes the sync marker in front of the third block.
    const offset = parts[0]!.length + blockBytes(blocks[0]!) + blockBytes(blocks[1]!) - 16;
    Deno.writeFileSync(`${path}/.flumespool/${NAME}`, tracker(`${path}/a.avro`, offset));
    assert.match(String(adoptTracker(folder, "avro_event").position!["a.avro"]), /^7@/);
  }));

/** A tracker file as Flume writes it, with another file and offset. */
function tracker(file: string, offset: number): Uint8Array {
  const text = Deno.readFileSync(TRACKER);
  const at = new TextDecoder("latin1").decode(text).indexOf("\x08file\x16spool/a.log");
  const name = new TextEncoder().encode(file);
  const sync = text.subarray(text.length - 16);
  const number = zigzag(offset);
  return Uint8Array.from([
    ...text.subarray(0, at + 5),
    ...zigzag(name.length),
    ...name,
    0,
    ...sync,
    ...zigzag(1),
    ...zigzag(number.length),
    ...number,
    ...sync,
  ]);
}

function zigzag(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value * 2;; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push(rest % 128 | 128);
  }
}
