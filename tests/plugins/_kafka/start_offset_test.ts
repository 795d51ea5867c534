import assert from "node:assert/strict";
import { ownOffset, positionOf } from "../../../plugins/_kafka/own_offset.ts";
import { markOf, startOffset } from "../../../plugins/_kafka/start_offset.ts";

const NEW = { topic: "app", partition: 3, topicId: "new" };
const OLD = { ...NEW, topicId: "old" };
const at = (offset: number, metadata = markOf(NEW)) => ({ offset, metadata });

const CASES: readonly [name: string, wanted: number | undefined, ...Parameters<typeof startOffset>][] = [
  ["nothing is known", undefined, NEW, undefined, undefined],
  ["only the group knows", 5, NEW, undefined, at(5)],
  ["only the reader knows", 7, NEW, { offset: 7, topicId: "new" }, undefined],
  ["the reader was killed after its delivery and before its commit", 7, NEW, { offset: 7 }, at(5)],
  ["another member has read on", 9, NEW, { offset: 7 }, at(9)],
  ["a tool has set the group back", 2, NEW, { offset: 7 }, at(2, "")],
  ["a tool has set the group forward", 20, NEW, { offset: 7 }, at(20, "")],
  ["another program of the group has read", 6, NEW, { offset: 7 }, at(6, "b1946ac9")],
  ["the topic was made again", 0, NEW, { offset: 7, topicId: "old" }, undefined],
  ["the topic was made again and the group remembers the old one", 0, NEW, undefined, at(9, markOf(OLD))],
  ["the topic was made again and others have read it", 4, NEW, { offset: 7, topicId: "old" }, at(4)],
  ["the topic was made again and a tool has set the group", 1, NEW, { offset: 7, topicId: "old" }, at(1, "")],
  ["the client tells no topic ids", 7, { topic: "app", partition: 3 }, { offset: 7, topicId: "old" }, at(5)],
  ["offset 0 was committed here", 0, NEW, undefined, at(0)],
];

for (const [name, wanted, ...known] of CASES) {
  Deno.test(`partition begins where it should when ${name}`, () => {
    assert.equal(startOffset(...known), wanted);
  });
}

Deno.test("position of a partition is read back, and knows no other partition", () => {
  const position = positionOf(NEW, 12);
  assert.deepEqual(position, { "app/3": 12, "app/3/id": "new" });
  assert.deepEqual(ownOffset(position, NEW), { offset: 12, topicId: "new" });
  assert.equal(ownOffset(position, { ...NEW, partition: 4 }), undefined);
  assert.equal(ownOffset(undefined, NEW), undefined);
  assert.deepEqual(ownOffset(positionOf({ topic: "app", partition: 0 }, 0), { topic: "app", partition: 0 }), {
    offset: 0,
  });
});
