import assert from "node:assert/strict";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from "../../../../protocols/kafka/consume/member_bytes.ts";

/** What a Java member writes: a later version, with its own partitions, its generation and its rack behind the topics. */
const JAVA_SUBSCRIPTION = "0003" + "00000002" + "0003617070" + "0001ff".replace("ff", "62") + "ffffffff" +
  "00000001" + "0003617070" + "00000001" + "00000002" + "00000007" + "ffff";

Deno.test("a subscription is written as Java reads it, and read in later versions, too", () => {
  const bytes = encodeSubscription(["app", "b"]);
  assert.equal(bytes.toHex(), "0000" + "00000002" + "0003617070" + "000162" + "ffffffff");
  assert.deepEqual(decodeSubscription(bytes), ["app", "b"]);
  assert.deepEqual(decodeSubscription(Uint8Array.fromHex(JAVA_SUBSCRIPTION)), ["app", "b"]);
});

Deno.test("an assignment is written as Java reads it, and nothing is an assignment of nothing", () => {
  const bytes = encodeAssignment(new Map([["app", [0, 2]]]));
  assert.equal(
    bytes.toHex(),
    "0000" + "00000001" + "0003617070" + "00000002" + "00000000" + "00000002" + "ffffffff",
  );
  assert.deepEqual(decodeAssignment(bytes), [{ topic: "app", partition: 0 }, { topic: "app", partition: 2 }]);
  assert.deepEqual(decodeAssignment(new Uint8Array(0)), []);
});

Deno.test("what a member writes is refused when it is cut off, wherever that is", () => {
  const bytes = encodeAssignment(new Map([["app", [0, 2]]]));
  for (let length = 1; length < bytes.length - 4; length++) {
    assert.throws(() => decodeAssignment(bytes.subarray(0, length)), { code: "FRAME" }, `at ${length}`);
  }
});

Deno.test("a size that is announced and not there allocates nothing", () => {
  const bytes = Uint8Array.fromHex("0000" + "7fffffff");
  assert.throws(() => decodeSubscription(bytes), /cut off at its byte 6/);
});
