import assert from "node:assert/strict";
import fc from "fast-check";
import { EventBatch, splitLines } from "sluice/plugin";
import text from "../../../plugins/codecs/text.ts";
import { sampleBytes } from "../../support/samples.ts";
import { encodeAll, golden, goldenEvents, makeCodec } from "./make.ts";

const lines = (bytes: Uint8Array) => new EventBatch({ block: bytes, ...splitLines(bytes, { last: true }) });

/** What must come out, the slow way. */
function plainly(batch: EventBatch, separator: string): Uint8Array {
  const bodies = Array.from(
    { length: batch.size },
    (_, index) => [batch.body(index), new TextEncoder().encode(separator)],
  );
  return EventBatch.ofBodies(bodies.flat()).block;
}

Deno.test("text writes what Flume wrote, byte for byte", async () => {
  const { encoder } = await makeCodec(text);
  const written = await encodeAll(encoder!(), [EventBatch.from(goldenEvents())]);
  assert.deepEqual(written, new Uint8Array(golden("file_roll-text/1795225967975-1")));
});

Deno.test("text writes what Flume wrote, byte for byte, when newlines are left out", async () => {
  const { encoder } = await makeCodec(text, { appendNewline: false });
  const written = await encodeAll(encoder!(), [EventBatch.from(goldenEvents())]);
  assert.deepEqual(written, new Uint8Array(golden("file_roll-rolled/app-20261121015248-1.log")));
});

Deno.test("text gives one slice of the block for lines that were not touched", async () => {
  const block = sampleBytes("access.log");
  const [slice, ...rest] = await (await makeCodec(text)).encoder!().encode(lines(block));
  assert.equal(rest.length, 0);
  assert.equal(slice!.buffer, block.buffer);
  assert.deepEqual(slice, block);
});

Deno.test("text leaves out dropped lines and puts nothing else between the others", async () => {
  const batch = lines(sampleBytes("access.log")).filter((index) => index % 10 !== 3);
  const written = await encodeAll((await makeCodec(text)).encoder!(), [batch]);
  assert.deepEqual(written, plainly(batch, "\n"));
});

Deno.test("text adds the newline that an unfinished last line lacks", async () => {
  const bytes = sampleBytes("unfinished.txt");
  const written = await encodeAll((await makeCodec(text)).encoder!(), [lines(bytes)]);
  assert.deepEqual(written, new Uint8Array([...bytes, 10]));
});

Deno.test("text gives long runs as they lie and short ones gathered between them, in order", async () => {
  const block = new TextEncoder().encode(
    `${"Kette ".repeat(20_000)}\nkurz\nweg\n${"Lange Zeile ".repeat(9_000)}\nEnde\n`,
  );
  const batch = lines(block).filter((index) => index !== 2);
  const written = await encodeAll((await makeCodec(text)).encoder!(), [batch, batch]);
  assert.deepEqual(written, plainly(EventBatch.concat([batch, batch]), "\n"));
});

Deno.test("text writes any batch as its bodies with separators, whatever lies between bodies", async () => {
  const withNewline = (await makeCodec(text)).encoder!();
  const without = (await makeCodec(text, { appendNewline: false })).encoder!();
  const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 30 });
  await fc.assert(fc.asyncProperty(bodies, fc.nat(5), fc.boolean(), async (parts, dropped, joined) => {
    const whole = joined
      ? EventBatch.ofBodies(parts)
      : lines(EventBatch.ofBodies(parts.flatMap((part) => [part, Uint8Array.of(10)])).block);
    const batch = whole.filter((index) => index % 6 !== dropped);
    assert.deepEqual(await encodeAll(withNewline, [batch]), plainly(batch, "\n"));
    assert.deepEqual(await encodeAll(without, [batch]), plainly(batch, ""));
  }));
});
