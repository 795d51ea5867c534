import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { PbfWriter } from "pbf";
import { decodeLogEntry, decodeLogMeta } from "../../protocols/flume_log.ts";

/** Writes messages as Flume does, each behind its length. */
function entry(...messages: ((writer: PbfWriter) => void)[]): Uint8Array {
  const writer = new PbfWriter();
  for (const message of messages) writer.writeRawMessage((_, into) => message(into), undefined);
  return writer.finish().slice();
}

const header = (type: number) => (writer: PbfWriter) => {
  writer.writeTag(1, 5);
  writer.writeSFixed32(type);
  writer.writeTag(2, 1);
  writer.writeSFixed64(1_795_225_987_154);
  writer.writeTag(3, 1);
  writer.writeSFixed64(1_795_225_987_155);
};
const footer = () => {};
const BODY = new TextEncoder().encode("hellö");

const put = (checksum: number) =>
  entry(header(1), (writer) => {
    writer.writeMessage(1, (_, event) => {
      for (const [key, value] of [["host", "web-1"], ["kéy", "väl"], ["none", undefined]] as const) {
        event.writeMessage(1, (_, pair) => {
          pair.writeTag(1, 2);
          pair.writeString(key);
          if (value === undefined) return;
          pair.writeTag(2, 2);
          pair.writeString(value);
        }, undefined);
      }
      event.writeTag(2, 2);
      event.writeBytes(BODY);
    }, undefined);
    writer.writeTag(2, 1);
    writer.writeSFixed64(checksum);
  }, footer);

Deno.test("put of Flume's log gives headers, body, transaction and order", () => {
  const read = decodeLogEntry(put(crc32(BODY)));
  assert.equal(read.kind, "put");
  assert.deepEqual([read.transaction, read.order], [1_795_225_987_154, 1_795_225_987_155]);
  assert.ok(read.kind === "put" && read.isIntact);
  assert.deepEqual(read.event.headers, { host: "web-1", kéy: "väl", none: "" });
  assert.deepEqual([...read.event.body], [...BODY]);
});

Deno.test("put of Flume's log with another checksum is not intact", () => {
  const read = decodeLogEntry(put(crc32(BODY) ^ 1));
  assert.ok(read.kind === "put" && !read.isIntact);
});

Deno.test("take, commit and rollback of Flume's log are told apart", () => {
  const take = entry(header(2), (writer) => {
    writer.writeTag(1, 5);
    writer.writeSFixed32(7);
    writer.writeTag(2, 5);
    writer.writeSFixed32(4096);
  }, footer);
  const commit = entry(header(4), (writer) => {
    writer.writeTag(1, 5);
    writer.writeSFixed32(2);
  }, footer);
  const order = { transaction: 1_795_225_987_154, order: 1_795_225_987_155 };
  assert.deepEqual(decodeLogEntry(take), { ...order, kind: "take", fileId: 7, offset: 4096 });
  assert.deepEqual(decodeLogEntry(commit), { ...order, kind: "commit", isOfPuts: false });
  assert.deepEqual(decodeLogEntry(entry(header(3), footer, footer)), { ...order, kind: "rollback" });
});

Deno.test("metadata of Flume's log says its version, and that it is encrypted", () => {
  const meta = (isEncrypted: boolean) =>
    entry((writer) => {
      writer.writeTag(1, 5);
      writer.writeSFixed32(3);
      if (isEncrypted) writer.writeMessage(5, () => {}, undefined);
    });
  assert.deepEqual(decodeLogMeta(meta(false)), { version: 3, isEncrypted: false });
  assert.deepEqual(decodeLogMeta(meta(true)), { version: 3, isEncrypted: true });
});

Deno.test("damaged entry of Flume's log is a RangeError, or read as something; it never does anything else", () => {
  const whole = put(crc32(BODY));
  const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(flips, fc.nat(whole.length), (flips, length) => {
      const bytes = whole.slice();
      for (const [at, bits] of flips) bytes[at]! ^= bits;
      for (const damaged of [bytes, bytes.slice(0, length)]) {
        try {
          decodeLogEntry(damaged);
        } catch (cause) {
          assert.ok(cause instanceof RangeError, String(cause));
        }
      }
    }),
    { numRuns: 3000 },
  );
});
