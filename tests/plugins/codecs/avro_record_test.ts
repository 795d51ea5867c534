import assert from "node:assert/strict";
import { EventBatch, PoisonError } from "sluice/plugin";
import avroEvent from "../../../plugins/codecs/avro_event.ts";
import avroRecord from "../../../plugins/codecs/avro_record.ts";
import { AvroReader } from "../../../protocols/avro_container.ts";
import { decodeInPieces, encodeAll, golden, makeCodec } from "./make.ts";

const GOLDEN = "file_roll-avro_event/1795225967975-1.avro";
const LITERAL = "flume.avro.schema.literal";
const LONG = JSON.stringify({ type: "record", name: "N", fields: [{ name: "n", type: "long" }] });
const TEXT = JSON.stringify("string");

/** The datums of a file that Flume wrote, with their schema in a header. */
async function datums(): Promise<EventBatch> {
  const { decoder } = await makeCodec(avroEvent, { schemaType: "LITERAL" });
  return EventBatch.from(await decodeInPieces(decoder!(), golden(GOLDEN), 200));
}

/** Head without the marker, and each block's datums. */
function contentOf(container: Uint8Array): Uint8Array[] {
  const reader = new AvroReader(container);
  const head = reader.head()!;
  const parts = [container.slice(0, reader.offset - head.sync.length)];
  for (let block = reader.block(head, 1e6); block; block = reader.block(head, 1e6)) {
    parts.push(container.slice(block.start, block.end));
  }
  return parts;
}

async function encode(batches: readonly EventBatch[], settings = {}): Promise<Uint8Array> {
  return await encodeAll((await makeCodec(avroRecord, settings)).encoder!(), batches);
}

async function poisoned(batch: EventBatch, settings = {}): Promise<PoisonError> {
  const thrown = await encode([batch], settings).then(() => assert.fail("it was written"), (cause) => cause);
  assert.ok(thrown instanceof PoisonError, String(thrown));
  return thrown;
}

Deno.test("avro_record writes the datums of a container into one with the same schema and the same bytes", async () => {
  assert.deepEqual(contentOf(await encode([await datums()])), contentOf(golden(GOLDEN)));
});

Deno.test("avro_record takes the schema of events without a header from schemaURL", async () => {
  const path = await Deno.makeTempFile({ suffix: ".avsc" });
  try {
    await Deno.writeTextFile(path, LONG);
    const batch = EventBatch.ofBodies([Uint8Array.of(2), Uint8Array.of(4)]);
    const written = await encode([batch, batch], { schemaURL: `file://${path}` });
    assert.deepEqual(contentOf(written).slice(1), [Uint8Array.of(2, 4), Uint8Array.of(2, 4)]);
    assert.deepEqual(await encode([EventBatch.EMPTY]), new Uint8Array(0));
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("avro_record fails a batch whose schema cannot be read now, and looks again the next time", async () => {
  const path = await Deno.makeTempFile();
  await Deno.remove(path);
  const encoder = (await makeCodec(avroRecord, { schemaURL: `file://${path}` })).encoder!();
  const batch = EventBatch.ofBodies([Uint8Array.of(2)]);
  await assert.rejects(async () => await encoder.encode(batch), (cause) => !(cause instanceof PoisonError));
  await Deno.writeTextFile(path, LONG);
  try {
    assert.ok((await encoder.encode(batch)).length > 0);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("avro_record names events of another schema, without one, or that are no datum as poison", async () => {
  const body = Uint8Array.of(2);
  const mixed = EventBatch.ofBodies([body, body, body, body])
    .withHeader(LITERAL, [LONG, TEXT, undefined, LONG]);
  assert.deepEqual((await poisoned(mixed)).indexes, [1, 2]);
  const unknown = await poisoned(EventBatch.ofBodies([body, body]));
  assert.deepEqual(unknown.indexes, [0, 1]);
  assert.match(unknown.message, /flume\.avro\.schema\.literal/);
  const damaged = EventBatch.ofBodies([body, Uint8Array.of(2, 2), new Uint8Array(0), Uint8Array.of(0x80)]);
  assert.deepEqual((await poisoned(damaged.withHeader(LITERAL, LONG))).indexes, [1, 2, 3]);
  assert.match((await poisoned(damaged.withHeader(LITERAL, "{"))).message, /Not an Avro schema/);
});

Deno.test("avro_record goes on with the rest of a batch after poison was taken out of it", async () => {
  const encoder = (await makeCodec(avroRecord)).encoder!();
  const [good, bad] = [Uint8Array.of(2), Uint8Array.of(9, 9)];
  await assert.rejects(async () =>
    await encoder.encode(EventBatch.ofBodies([bad, good]).withHeader(LITERAL, LONG))
  );
  const rest = EventBatch.ofBodies([good]).withHeader(LITERAL, LONG);
  const parts = [...await encoder.encode(rest), ...await encoder.encode(rest)].map((part) => part.slice());
  assert.deepEqual(contentOf(EventBatch.ofBodies(parts).block).slice(1), [good, good]);
});
