import assert from "node:assert/strict";
import type { ConsumerEvents, ConsumerOptions } from "../../../../protocols/kafka/client.ts";
import { handOut } from "../../../../protocols/kafka/consume/hand_out.ts";
import { PartitionReader } from "../../../../protocols/kafka/consume/partition_reader.ts";
import { RecordBatchWriter } from "../../../../protocols/kafka/records/batch_writer.ts";

const OPTIONS = {
  wantsHeaders: false,
  maxRecords: 2,
  readsCommitted: false,
  partitionBytes: 1000,
} as ConsumerOptions;

/** Two batches of three events each, at the offsets 0 and 3. */
async function batches(): Promise<Uint8Array> {
  const block = new TextEncoder().encode("abc");
  const bodies = { block, starts: Uint32Array.of(0, 1, 2), ends: Uint32Array.of(1, 2, 3), size: 3 };
  const writer = new RecordBatchWriter({ maxBytes: 1000 });
  writer.append({ topic: "app", partition: 0, bodies, timestamps: 0 }, 0);
  const finish = { producerId: -1n, producerEpoch: -1, baseSequence: -1, isTransactional: false };
  const batch = await writer.finish({ compression: "none", ...finish });
  const both = new Uint8Array(batch.length * 2);
  both.set(batch);
  both.set(batch, batch.length);
  new DataView(both.buffer).setBigInt64(batch.length, 3n);
  return both;
}

/** Hands out; says what was given. */
async function give(
  records: Uint8Array,
  reader: PartitionReader,
  onFetched = (_at: number) => {},
): Promise<number[]> {
  const given: number[] = [];
  const events = {
    onLag() {},
    onFetched({ offsets }: { offsets: Float64Array }) {
      given.push(...offsets);
      onFetched(given.length);
    },
  } as unknown as ConsumerEvents;
  const part = {
    topic: "app",
    partition: 0,
    errorCode: 0,
    highWatermark: 6,
    lastStableOffset: 6,
    aborted: [],
    records,
  };
  await handOut({ options: OPTIONS, events }, { reader, part, where: "Fetch of app/0" })
    .catch((cause) => Promise.reject(Object.assign(cause, { given })));
  return given;
}

function readerAt(offset: number): PartitionReader {
  const reader = new PartitionReader({ topic: "app", partition: 0 }, 1000);
  reader.offset = offset;
  return reader;
}

Deno.test("what was fetched is given from the reader's offset on, in chunks, and the reader goes on behind it", async () => {
  const reader = readerAt(1);
  assert.deepEqual(await give(await batches(), reader), [1, 2, 3, 4, 5]);
  assert.equal(reader.offset, 6);
});

Deno.test("nothing more is given of a partition that was taken away meanwhile", async () => {
  const reader = readerAt(0);
  const given = await give(await batches(), reader, (size) => size >= 2 && reader.end());
  assert.deepEqual(given, [0, 1]);
});

Deno.test("a damaged batch is refused by its offset when all before it was given, and nothing is passed over", async () => {
  const reader = readerAt(0);
  const records = await batches();
  records[records.length - 2]! ^= 1;
  await assert.rejects(give(records, reader), (cause: Error & { code: string; given: number[] }) => {
    assert.equal(cause.code, "CORRUPT_RECORD");
    assert.match(cause.message, /^Fetch of app\/0: .*offset 3/);
    assert.deepEqual(cause.given, [0, 1, 2]);
    return true;
  });
  assert.equal(reader.offset, 3);
});

Deno.test("more is asked for where the first batch is not there as a whole", async () => {
  const reader = readerAt(0);
  const records = await batches();
  reader.maxBytes = 50;
  await give(records.subarray(0, 50), reader);
  assert.equal(reader.offset, 0);
  assert.equal(reader.maxBytes, Math.max(100, records.length / 2));
  await give(records.subarray(0, records.length - 1), reader);
  assert.equal(reader.offset, 3);
  assert.equal(reader.maxBytes, 1000);
});
