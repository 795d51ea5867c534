import assert from "node:assert/strict";
import { decodeFetch } from "../../../../protocols/kafka/consume/fetch_wire.ts";

const ID = "00112233445566778899aabbccddeeff";

/** An answer with one topic of one partition, with tags at every place where brokers may put some. */
function answer(
  { topic, records, tags = "00" }: { topic: string; records: string; tags?: string },
): Uint8Array {
  const length = (records.length / 2 + 1).toString(16).padStart(2, "0");
  const aborted = "02" + "000000000000002a" + "0000000000000007" + tags;
  const partition = "00000005" + "0000" + "0000000000000064" + "000000000000005a" + "0000000000000000" +
    aborted +
    "ffffffff" + length + records + tags;
  return Uint8Array.fromHex(`00000000000000000000` + "02" + topic + "02" + partition + tags + tags);
}

const PART = {
  partition: 5,
  errorCode: 0,
  highWatermark: 100,
  lastStableOffset: 90,
  aborted: [{ producerId: 42n, firstOffset: 7n }],
};

Deno.test("a fetch answer is read by topic id or name, tags are passed over, and records are not copied", () => {
  const tags = "01" + "00" + "02" + "abcd";
  for (
    const [version, topic, name] of [[13, ID, "00112233-4455-6677-8899-aabbccddeeff"], [
      12,
      "0461707070".slice(0, 8),
      "app",
    ]] as const
  ) {
    const bytes = answer({ topic, records: "010203", tags });
    const { parts: [part], errorCode } = decodeFetch(bytes, version);
    assert.equal(errorCode, 0);
    const { records, ...rest } = part!;
    assert.deepEqual(rest, { ...PART, topic: name });
    assert.equal(records.toHex(), "010203");
    assert.equal(records.buffer, bytes.buffer);
  }
});

Deno.test("a partition without records has none, whether they are empty or null", () => {
  const bytes = answer({ topic: ID, records: "" });
  assert.equal(decodeFetch(bytes, 13).parts[0]!.records.length, 0);
  bytes[bytes.lastIndexOf(0xff) + 1] = 0;
  assert.equal(decodeFetch(bytes, 13).parts[0]!.records.length, 0);
});

Deno.test("a fetch answer that is cut off is refused, wherever that is", () => {
  const bytes = answer({ topic: ID, records: "010203" });
  for (let length = 0; length < bytes.length - 2; length++) {
    assert.throws(() => decodeFetch(bytes.subarray(0, length), 13), { code: "FRAME" }, `at ${length}`);
  }
});
