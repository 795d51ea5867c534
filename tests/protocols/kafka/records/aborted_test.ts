import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { batchAt, libraryBatch, patched, readAll, recordsOf } from "./wire.ts";

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** The end of a transaction: 0 abort, 1 commit. */
function marker(baseOffset: number, producerId: number, kind: 0 | 1): Uint8Array {
  const batch = libraryBatch([{ key: Buffer.of(0, 0, 0, kind), value: Buffer.alloc(6) }]);
  return patched(batch, { baseOffset, producerId, attributes: TRANSACTIONAL | CONTROL });
}

function sent(baseOffset: number, producerId: number, values: readonly string[]): Uint8Array {
  return batchAt(baseOffset, values, { producerId, isTransactional: true });
}

const bodiesOf = (chunks: ReturnType<typeof readAll>) =>
  chunks.flatMap((chunk) => recordsOf(chunk).map(({ body }) => body));

const ANSWER = [
  sent(0, 7, ["aborted 1"]),
  sent(1, 8, ["committed 1"]),
  batchAt(2, ["without"]),
  sent(3, 7, ["aborted 2"]),
  marker(4, 7, 0),
  sent(5, 7, ["committed 2"]),
  marker(6, 8, 1),
  marker(7, 7, 1),
  sent(8, 8, ["aborted 3"]),
  marker(9, 8, 0),
];
const ABORTED = [{ producerId: 8n, firstOffset: 8n }, { producerId: 7n, firstOffset: 0n }];

Deno.test("records of aborted transactions are left out, those of the same producer behind the marker are not", () => {
  const chunks = readAll(ANSWER, { aborted: ABORTED });
  assert.deepEqual(bodiesOf(chunks), ["committed 1", "without", "committed 2"]);
  assert.deepEqual(chunks.flatMap(({ offsets }) => [...offsets]), [1, 2, 5]);
  assert.equal(chunks.at(-1)!.nextOffset, 10);
});

Deno.test("who reads uncommitted records gets all of them, but no markers", () => {
  const found = bodiesOf(readAll(ANSWER));
  assert.deepEqual(found, ["aborted 1", "committed 1", "without", "aborted 2", "committed 2", "aborted 3"]);
});

Deno.test("an answer of markers and aborted records alone moves reading on", () => {
  const chunks = readAll(ANSWER.slice(8), { fromOffset: 8, aborted: ABORTED.slice(0, 1) });
  assert.deepEqual(chunks.map(({ bodies, nextOffset }) => [bodies.size, nextOffset]), [[0, 10]]);
});

Deno.test("a transaction that was aborted before the answer begins hides nothing behind its marker", () => {
  const answer = [sent(3, 7, ["aborted"]), marker(4, 7, 0), sent(5, 7, ["committed"])];
  assert.deepEqual(
    bodiesOf(readAll(answer, { fromOffset: 3, aborted: [{ producerId: 7n, firstOffset: 1n }] })),
    ["committed"],
  );
});
