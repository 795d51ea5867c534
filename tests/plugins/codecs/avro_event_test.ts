import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { inflateRawSync, zstdDecompressSync } from "node:zlib";
import avsc from "avsc";
import fc from "fast-check";
import { EventBatch } from "sluice/plugin";
import avroEvent from "../../../plugins/codecs/avro_event.ts";
import { AVRO_COMPRESSIONS } from "../../../protocols/avro_compression.ts";
import { AvroReader } from "../../../protocols/avro_container.ts";
import snappyjs from "snappyjs";
import { manyLines, sampleLines } from "../../support/samples.ts";
import { decodeInPieces, encodeAll, golden, goldenEvents, makeCodec } from "./make.ts";

const FILES = {
  null: "file_roll-avro_event/1795225967975-1.avro",
  deflate: "file_roll-avro_event-deflate/1795225967969-1.avro",
  snappy: "file_roll-avro_event-snappy/snappy-1795225967974-1.avro",
} as const;
/** The marker at the end of head and blocks is random. */
const SYNC_BYTES = 16;

interface Written {
  headers: Record<string, string>;
  body: Buffer;
}

/** Reads a container with another implementation. */
async function readContainer(bytes: Uint8Array): Promise<Written[]> {
  const decoder = new avsc.streams.BlockDecoder({
    codecs: {
      null: (block: Buffer, done: (error: null, plain: Buffer) => void) => done(null, block),
      deflate: (block: Buffer, done: (error: null, plain: Buffer) => void) =>
        done(null, inflateRawSync(block)),
      snappy: (block: Buffer, done: (error: null, plain: Buffer) => void) =>
        done(null, Buffer.from(snappyjs.uncompress(block.subarray(0, -4), 1 << 24))),
      zstandard: (block: Buffer, done: (error: null, plain: Buffer) => void) =>
        done(null, zstdDecompressSync(block)),
    },
  } as never);
  const events: Written[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  decoder.on("data", (event: Written) => events.push(event)).on("end", resolve).on("error", reject);
  decoder.end(Buffer.from(bytes));
  await promise;
  return events;
}

const asTexts = (events: readonly { headers: Readonly<Record<string, string>>; body: Uint8Array }[]) =>
  events.map(({ headers, body }) => ({ headers: { ...headers }, body: new TextDecoder().decode(body) }));

/** The bytes of a container with its marker blotted out, and its blocks expanded where they are compressed. */
async function unmarked(bytes: Uint8Array, codec: keyof typeof FILES): Promise<Uint8Array[]> {
  const reader = new AvroReader(bytes);
  const head = reader.head()!;
  const parts = [bytes.slice(0, reader.offset - SYNC_BYTES)];
  for (let block = reader.block(head, 1e6); block; block = reader.block(head, 1e6)) {
    const plain = await AVRO_COMPRESSIONS[codec].expand(bytes.slice(block.start, block.end), 1e6);
    parts.push(Uint8Array.of(block.count), plain.slice());
  }
  assert.equal(reader.offset, bytes.length);
  return parts;
}

for (const [codec, path] of Object.entries(FILES) as [keyof typeof FILES, string][]) {
  Deno.test(`avro_event writes what Flume wrote with codec ${codec}, byte for byte but for the random marker`, async () => {
    const { encoder } = await makeCodec(avroEvent, { compressionCodec: codec });
    const written = await encodeAll(encoder!(), [EventBatch.from(goldenEvents())]);
    assert.deepEqual(await unmarked(written, codec), await unmarked(golden(path), codec));
    if (codec === "null") assert.equal(written.length, golden(path).length);
  });
}

Deno.test("avro_event containers of any compression are read by another implementation", async () => {
  const lines = sampleLines("application.log");
  const batch = EventBatch.ofBodies(lines).withHeader("host", "wéb1").withHeader(
    "n",
    lines.map((_, n) => n % 3 ? `${n}` : undefined),
  );
  for (const compressionCodec of ["null", "deflate", "snappy", "zstandard"]) {
    const { encoder } = await makeCodec(avroEvent, { compressionCodec, syncIntervalBytes: 4000 });
    const events = await readContainer(await encodeAll(encoder!(), [batch, batch]));
    assert.deepEqual(asTexts(events), asTexts([...batch, ...batch]));
  }
});

Deno.test("avro_event ends a block at syncIntervalBytes and at the end of each batch", async () => {
  const { encoder } = await makeCodec(avroEvent, { syncIntervalBytes: "16KiB" });
  const output = encoder!();
  const { block } = EventBatch.ofBodies([manyLines(300)]);
  const slices = await output.encode(
    EventBatch.ofBodies(Array.from({ length: 4 }, () => block.subarray(0, 15_000))),
  );
  assert.deepEqual(slices.map(({ length }) => length > 16).filter(Boolean).length, 2);
});

Deno.test("avro_event reads each datum that Flume wrote, whatever the compression", async () => {
  const type = avsc.Type.forSchema({
    type: "record",
    name: "Event",
    fields: [{ name: "headers", type: { type: "map", values: "string" } }, { name: "body", type: "bytes" }],
  });
  for (const path of Object.values(FILES)) {
    const events = await decodeInPieces((await makeCodec(avroEvent)).decoder!(), golden(path), 100);
    const read = events.map(({ body }) => type.fromBuffer(Buffer.from(body)) as Written);
    assert.deepEqual(asTexts(read).map(({ body }) => body), goldenEvents().map(({ body }) => body));
    assert.deepEqual(asTexts(read)[3], goldenEvents()[3]);
    assert.match(events[0]!.headers["flume.avro.schema.hash"]!, /^[0-9a-f]{16}$/);
  }
});

Deno.test("avro_event tells the whole schema when told to, and reads plain blocks without copying", async () => {
  const decoder = (await makeCodec(avroEvent, { schemaType: "literal" })).decoder!();
  const bytes = golden(FILES.null);
  const { batch, consumedBytes } = await decoder.decode(bytes, true);
  assert.equal(batch.block, bytes);
  assert.equal(consumedBytes, bytes.length);
  assert.equal(JSON.parse(batch.headers.get("flume.avro.schema.literal") as string).name, "Event");
});

Deno.test("avro_event says what is wrong with a file that is cut, damaged or of another kind", async () => {
  const read = async (bytes: Uint8Array) =>
    await decodeInPieces((await makeCodec(avroEvent)).decoder!(), bytes, 64);
  const reject = (bytes: Uint8Array, message: RegExp) =>
    assert.rejects(() => read(bytes), { name: "SyntaxError", message });
  await reject(golden(FILES.null).subarray(0, 900), /ends within a block that begins at byte \d+/);
  await reject(new TextEncoder().encode("GET / HTTP/1.1\n".repeat(9)), /Not an Avro container/);
  const damaged = golden(FILES.snappy);
  damaged[300]! ^= 0x40;
  await reject(damaged, /checksum|damaged/);
  const unknown = Buffer.from(golden(FILES.deflate)).toString("latin1").replace("deflate", "bzip2xx");
  await reject(Uint8Array.from(unknown, (char) => char.charCodeAt(0)), /codec "bzip2xx" cannot be read/);
});

Deno.test("avro_event gives back any events after another implementation has read them", async () => {
  const { encoder } = await makeCodec(avroEvent);
  const event = fc.record({
    headers: fc.dictionary(fc.string({ unit: "grapheme", minLength: 1 }), fc.string({ unit: "grapheme" }), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
    body: fc.uint8Array({ maxLength: 80 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 20 }), async (events) => {
      const read = await readContainer(await encodeAll(encoder!(), [EventBatch.from(events)]));
      const expected = events.map(({ headers, body }) => ({
        headers: { ...headers },
        body: Buffer.from(body),
      }));
      assert.deepEqual(read.map(({ headers, body }) => ({ headers: { ...headers }, body })), expected);
    }),
    { numRuns: 50 },
  );
});
