import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import blob from "../../../plugins/codecs/blob.ts";
import { sampleBytes } from "../../support/samples.ts";
import { decodeInPieces, encodeAll, makeCodec } from "./make.ts";

Deno.test("blob reads a whole input as one event", async () => {
  const bytes = sampleBytes("nul_bytes.log");
  const events = await decodeInPieces((await makeCodec(blob)).decoder!(), bytes, 100);
  assert.deepEqual(events, [{ headers: {}, body: new Uint8Array(bytes) }]);
});

Deno.test("blob cuts a longer input into events of maxBlobLength bytes", async () => {
  const bytes = sampleBytes("access.log").subarray(0, 2500);
  const decoder = (await makeCodec(blob, { maxBlobLength: "1000" })).decoder!();
  const events = await decodeInPieces(decoder, bytes, 300);
  assert.deepEqual(events.map(({ body }) => body.length), [1000, 1000, 500]);
  assert.deepEqual(EventBatch.ofBodies(events.map(({ body }) => body)).block, bytes);
});

Deno.test("blob gives no event for an empty file, and one for a request that has only parameters", async () => {
  const codec = await makeCodec(blob);
  assert.deepEqual(
    await decodeInPieces(codec.decoder!({ file: "/var/spool/leer.bin" }), new Uint8Array(0), 1),
    [],
  );
  const events = await decodeInPieces(
    codec.decoder!({ page: "/start", "content-type": "image/gif" }),
    new Uint8Array(0),
    1,
  );
  assert.deepEqual(events, [{ headers: { page: "/start" }, body: new Uint8Array(0) }]);
});

Deno.test("blob refuses a request that lacks a mandatory parameter", async () => {
  const codec = await makeCodec(blob, { mandatoryParameters: "tenant, device" });
  assert.throws(() => codec.decoder!({ tenant: "acme" }), {
    name: "SyntaxError",
    message: /missing: device/,
  });
  assert.ok(codec.decoder!({ tenant: "acme", device: "7" }));
});

Deno.test("blob writes bodies with nothing between them", async () => {
  const batch = EventBatch.from([{ body: "GIF" }, { body: "89a\n" }]);
  assert.equal(
    new TextDecoder().decode(await encodeAll((await makeCodec(blob)).encoder!(), [batch])),
    "GIF89a\n",
  );
});
