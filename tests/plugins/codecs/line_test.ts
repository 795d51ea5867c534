import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigError, EventBatch } from "sluice/plugin";
import line from "../../../plugins/codecs/line.ts";
import { longLine, sampleBytes, sampleLines } from "../../support/samples.ts";
import { decodeInPieces, encodeAll, makeCodec } from "./make.ts";

const UTF8 = new TextEncoder();
const texts = (events: readonly { readonly body: Uint8Array }[]) =>
  events.map(({ body }) => new TextDecoder().decode(body));

Deno.test("line reads one event a line out of the very bytes that were passed in", async () => {
  const bytes = sampleBytes("access.log");
  const { batch, consumedBytes } = await (await makeCodec(line)).decoder!().decode(bytes, false);
  assert.equal(batch.block, bytes);
  assert.equal(batch.layout, "dense");
  assert.equal(consumedBytes, bytes.length);
  assert.equal(batch.size, sampleLines("access.log").length);
});

Deno.test("line leaves an unfinished line until it is the last", async () => {
  const bytes = sampleBytes("unfinished.txt");
  const decoder = (await makeCodec(line)).decoder!();
  const { batch, consumedBytes } = await decoder.decode(bytes, false);
  assert.equal(batch.size, sampleLines("unfinished.txt").length - 1);
  const { batch: rest } = await decoder.decode(bytes.subarray(consumedBytes), true);
  assert.deepEqual(rest.body(0), sampleLines("unfinished.txt").at(-1));
});

Deno.test("line keeps a carriage return as Flume does, or leaves it out when told to", async () => {
  const bytes = UTF8.encode("Grüße\r\naus\r Köln\r\n\r\nzum Schluss");
  const kept = await decodeInPieces((await makeCodec(line)).decoder!(), bytes, 3);
  const cut = await decodeInPieces((await makeCodec(line, { cutReturn: true })).decoder!(), bytes, 3);
  assert.deepEqual(texts(kept), ["Grüße\r", "aus\r Köln\r", "\r", "zum Schluss"]);
  assert.deepEqual(texts(cut), ["Grüße", "aus\r Köln", "", "zum Schluss"]);
});

Deno.test("line cuts a line of a mebibyte into events of the greatest length", async () => {
  const bytes = EventBatch.ofBodies([longLine(), UTF8.encode("\nkurz\n")]).block;
  const events = await decodeInPieces((await makeCodec(line)).decoder!(), bytes, 65_536);
  assert.equal(events.length, (1 << 20) / 2048 + 1);
  assert.deepEqual(EventBatch.ofBodies(events.slice(0, -1).map(({ body }) => body)).block, longLine());
});

Deno.test("line counts characters, not bytes, and never cuts inside one", async () => {
  const decoder = (await makeCodec(line, { maxLineLength: 4 })).decoder!();
  const events = await decodeInPieces(decoder, UTF8.encode("中文字符很長\nab😀cd\n€€€€\n"), 2);
  assert.deepEqual(texts(events), ["中文字符", "很長", "ab😀", "cd", "€€€€"]);
});

Deno.test("line passes bytes that are not UTF-8 unchanged", async () => {
  const events = await decodeInPieces((await makeCodec(line)).decoder!(), sampleBytes("invalid_utf8.log"), 7);
  assert.deepEqual(
    events.map(({ body }) => body),
    sampleLines("invalid_utf8.log").map((body) => body.slice()),
  );
});

Deno.test("line converts charsets, and writes a question mark for what the target cannot say", async () => {
  const about = { charset: "windows-1252" };
  const utf8 = (await makeCodec(line)).decoder!(about);
  const price = Uint8Array.of(0x80, 0x33, 0x30, 0x0A);
  assert.deepEqual(texts(await decodeInPieces(utf8, price, 9)), ["€30"]);
  const latin = (await makeCodec(line, { outputCharset: "iso-8859-1" })).decoder!(about);
  const [event] = await decodeInPieces(latin, price, 9);
  assert.deepEqual([...event!.body], [0x3F, 0x33, 0x30]);
});

Deno.test("line refuses input whose newlines are not single bytes", async () => {
  const codec = await makeCodec(line);
  assert.throws(() => codec.decoder!({ charset: "UTF-16LE" }), ConfigError);
  assert.throws(() => codec.decoder!({ charset: "klingon" }), /"klingon" is not known/);
});

Deno.test("line finds the same events however the input is cut into pieces", async () => {
  const codec = await makeCodec(line, { maxLineLength: 5, cutReturn: true });
  const part = fc.constantFrom("a", "\n", "\r", "\r\n", "é", "漢", "😀", "straße");
  await fc.assert(
    fc.asyncProperty(fc.array(part), fc.integer({ min: 1, max: 9 }), async (parts, pieceBytes) => {
      const bytes = UTF8.encode(parts.join(""));
      const whole = await decodeInPieces(codec.decoder!(), bytes, bytes.length + 1);
      const pieces = await decodeInPieces(codec.decoder!(), bytes, pieceBytes);
      assert.deepEqual(texts(pieces), texts(whole));
    }),
  );
});

Deno.test("line writes what it has read", async () => {
  const codec = await makeCodec(line);
  const bytes = sampleBytes("application.log");
  const { batch } = await codec.decoder!().decode(bytes, true);
  assert.deepEqual(await encodeAll(codec.encoder!(), [batch]), bytes);
});
