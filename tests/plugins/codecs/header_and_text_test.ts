import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import headerAndText from "../../../plugins/codecs/header_and_text.ts";
import { encodeAll, golden, goldenEvents, makeCodec } from "./make.ts";

const encode = async (batch: EventBatch, settings = {}) =>
  await encodeAll((await makeCodec(headerAndText, settings)).encoder!(), [batch]);

Deno.test("header_and_text writes what Flume wrote, byte for byte", async () => {
  const written = await encode(EventBatch.from(goldenEvents()));
  assert.deepEqual(written, golden("file_roll-header_and_text/1795225967969-1"));
});

Deno.test("header_and_text leaves the newline out when told to", async () => {
  const batch = EventBatch.from([{ headers: { host: "web1" }, body: "GET /" }, { body: "PUT /" }]);
  assert.equal(
    new TextDecoder().decode(await encode(batch, { appendNewline: false })),
    "{host=web1} GET /{} PUT /",
  );
});

Deno.test("header_and_text passes bodies that are not text unchanged", async () => {
  const batch = EventBatch.ofBodies([Uint8Array.of(0xFF, 0, 0xC3)]).withHeader("größe", "3");
  assert.deepEqual(
    await encode(batch),
    new Uint8Array([...new TextEncoder().encode("{größe=3} "), 0xFF, 0, 0xC3, 10]),
  );
});
