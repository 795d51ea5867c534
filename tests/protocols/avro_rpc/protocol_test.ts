import assert from "node:assert/strict";
import { findProtocolFault, hashOf, PROTOCOL_TEXT } from "../../../protocols/avro_rpc/protocol.ts";
import { recorded } from "../../support/avro_wire.ts";

Deno.test("the protocol of a recorded stranger is Flume's, whatever its comment, and its hash that of its text", async () => {
  const sent = new TextDecoder("latin1").decode(recorded("avro-stranger", "c2s"));
  const text = sent.slice(sent.indexOf("{"), sent.lastIndexOf("}") + 1);
  assert.equal(await findProtocolFault(text), undefined);
  assert.equal(hashOf(text).toHex(), "e5ea320661b6bbb1031004b4de3102f1");
  assert.equal(await findProtocolFault(PROTOCOL_TEXT), undefined);
});

const FAULTS: readonly { readonly what: string; readonly text: string; readonly says: RegExp }[] = [
  { what: "is no JSON", text: "<html>", says: /^its protocol text cannot be read: / },
  { what: "is empty", text: "{}", says: /^its protocol text cannot be read: / },
  {
    what: "has no calls",
    text: '{"protocol":"P"}',
    says: /^its protocol has neither append nor appendBatch$/,
  },
  {
    what: "has another body",
    text: PROTOCOL_TEXT.replace('"type":"bytes"', '"type":"string"'),
    says: /gives append other types than Flume does$/,
  },
  {
    what: "has no list of events",
    text: PROTOCOL_TEXT.replace('"array","items":', '"map","values":'),
    says: /gives appendBatch other types/,
  },
  {
    what: "has another status",
    text: PROTOCOL_TEXT.replace('"FAILED"', '"MAYBE"'),
    says: /gives append other types/,
  },
];
for (const { what, text, says } of FAULTS) {
  Deno.test(`a protocol that ${what} is refused`, async () => {
    assert.match((await findProtocolFault(text))!, says);
  });
}

Deno.test("Java's notes on strings make no other protocol", async () => {
  const java = '"values":{"type":"string","avro.java.string":"String"}';
  assert.equal(await findProtocolFault(PROTOCOL_TEXT.replace('"values":"string"', java)), undefined);
});
