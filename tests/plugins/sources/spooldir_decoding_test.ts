import assert from "node:assert/strict";
import { join } from "node:path";
import { type AnyPlugin, type Decoder, defineCodec, EventBatch } from "sluice/plugin";
import { sampleBytes } from "../../support/samples.ts";
import { drop, inSpoolFolder, names, untilNames } from "../../support/spool_folder.ts";
import { until } from "../../support/until.ts";

Deno.test("spooldir sets a file with bad bytes aside behind the last good event", () =>
  inSpoolFolder(async (folder, start) => {
    drop(
      join(folder, "bad.txt"),
      new Uint8Array([...sampleBytes("unfinished.txt"), 10, 0xff, 0xfe, 10, 65, 10]),
    );
    const run = start();
    const good = new TextDecoder().decode(sampleBytes("unfinished.txt")).split("\n");
    await untilNames(folder, ["bad.txt.ASIDE"]);
    assert.deepEqual(run.bodies(), good);
    assert.match(run.context.lines.map(({ text }) => text).join("\n"), /Cannot decode what follows byte \d+/);
    assert.equal(run.context.counters.get("EventReadFail"), 1);
  }));

for (const [policy, expected] of [["REPLACE", "k\ufffdln"], ["IGNORE", "kln"]] as const) {
  Deno.test(`spooldir goes on behind bad bytes under ${policy}`, () =>
    inSpoolFolder(async (folder, start) => {
      drop(join(folder, "bad.txt"), new Uint8Array([107, 0xf6, 108, 110, 10, 0xc3, 0xb6, 10]));
      assert.deepEqual(await start({ decodeErrorPolicy: policy }).untilSize(2), [expected, "ö"]);
      await untilNames(folder, ["bad.txt.COMPLETED"]);
    }));
}

const CHARSETS: readonly [string, number[]][] = [
  ["ISO-8859-1", [107, 0xf6, 108, 110, 10, 0xe9, 10]],
  ["UTF-16LE", [107, 0, 0xf6, 0, 108, 0, 110, 0, 10, 0, 0xe9, 0, 10, 0]],
  ["UTF-16BE", [0, 107, 0, 0xf6, 0, 108, 0, 110, 0, 10, 0, 0xe9, 0, 10]],
];
for (const [inputCharset, content] of CHARSETS) {
  Deno.test(`spooldir turns lines in ${inputCharset} into UTF-8`, () =>
    inSpoolFolder(async (folder, start) => {
      drop(join(folder, "old.txt"), new Uint8Array(content));
      const run = start({ inputCharset, batchSize: 1 });
      assert.deepEqual(await run.untilSize(2), ["köln", "é"]);
      await untilNames(folder, ["old.txt.COMPLETED"]);
    }));
}

/** Ten bytes at the start say nothing; then each event is four bytes. Needs the start to go on. */
const headed: AnyPlugin = defineCodec({
  name: "headed",
  summary: "For tests.",
  config: {},
  examples: [],
  create: () => ({
    decoder(): Decoder {
      let hasHead = false;
      return {
        maxEventBytes: 10,
        needsStart: true,
        decode(bytes) {
          if (!hasHead && bytes.length < 10) return { batch: EventBatch.EMPTY, consumedBytes: 0 };
          const from = hasHead ? 0 : 10;
          hasHead = true;
          const count = Math.floor((bytes.length - from) / 4);
          const bodies = Array.from(
            { length: count },
            (_, index) => bytes.slice(from + index * 4, from + index * 4 + 4),
          );
          return { batch: EventBatch.ofBodies(bodies), consumedBytes: from + count * 4 };
        },
      };
    },
  }),
});

Deno.test("spooldir goes on in a file whose decoder needs the start, by counting events", () =>
  inSpoolFolder(async (folder, start) => {
    drop(join(folder, "a.bin"), "HEADHEADHEabcdefghijklmnop");
    const settings = { batchSize: 1, deserializer: { plugin: headed, config: {} } };
    const first = start(settings);
    let answered = 0;
    first.answer = () => ++answered > 2 ? new Promise<void>(() => {}) : undefined;
    await first.untilSize(4);
    await first.stop();
    const second = start(settings, first.position);
    assert.deepEqual(await second.untilSize(2), ["ijkl", "mnop"]);
    await untilNames(folder, ["a.bin.COMPLETED"]);
    drop(join(folder, "b.bin"), "HEADHEADHEabcdxy");
    await until("the broken file", () => names(folder).includes("b.bin.ASIDE"));
    assert.match(second.context.lines.at(-2)!.text, /ends with 2 bytes that are no event/);
  }));
