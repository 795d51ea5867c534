import assert from "node:assert/strict";
import fc from "fast-check";
import { EventBatch } from "sluice/plugin";
import json from "../../../plugins/codecs/json.ts";
import { sampleBytes, sampleLines } from "../../support/samples.ts";
import { decodeInPieces, encodeAll, goldenEvents, makeCodec } from "./make.ts";

const UTF8 = new TextEncoder();
const NDJSON = { "content-type": "application/x-ndjson" };
const encode = async (batch: EventBatch, settings = {}) =>
  new TextDecoder().decode(await encodeAll((await makeCodec(json, settings)).encoder!(), [batch]));
const decode = async (text: string | Uint8Array, about: Record<string, string> = {}) => {
  const bytes = typeof text === "string" ? UTF8.encode(text) : text;
  const events = await decodeInPieces((await makeCodec(json)).decoder!(about), bytes, 64);
  return events.map(({ headers, body }) => ({ headers, body: new TextDecoder().decode(body) }));
};
const refuses = async (text: string | Uint8Array, reason: RegExp, about: Record<string, string> = {}) =>
  await assert.rejects(() => decode(text, about), { name: "SyntaxError", message: reason });

Deno.test("json writes one object a line that any JSON reader understands", async () => {
  const batch = EventBatch.ofBodies(sampleLines("access.log"))
    .withHeader("host", "web1")
    .withHeader(
      "status",
      sampleLines("access.log").map((_, index) => index % 3 === 0 ? undefined : `2"0\t${index}`),
    );
  const lines = (await encode(batch)).trimEnd().split("\n").map((line) => JSON.parse(line));
  const expected = [...batch].map(({ headers, body }) => ({ headers, body: new TextDecoder().decode(body) }));
  assert.deepEqual(lines, expected);
});

Deno.test("json writes bytes that are not UTF-8 as a text decoder reads them", async () => {
  const bodies = [...sampleLines("invalid_utf8.log"), ...sampleLines("nul_bytes.log")];
  const lines = (await encode(EventBatch.ofBodies(bodies))).trimEnd().split("\n").map((line) =>
    JSON.parse(line).body
  );
  assert.deepEqual(lines, bodies.map((body) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(body)));
});

Deno.test("json writes any bytes as JSON.stringify writes their text", async () => {
  const encoder = (await makeCodec(json)).encoder!();
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.string({ unit: "binary" }).map((text) => UTF8.encode(text)),
  );
  await fc.assert(fc.asyncProperty(fc.array(body), fc.string({ unit: "binary" }), async (bodies, value) => {
    const batch = EventBatch.ofBodies(bodies).withHeader("käse", bodies.map(() => value.toWellFormed()));
    const expected = [...batch].map(({ headers, body }) => {
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
      return `${JSON.stringify({ headers, body: text })}\n`.replaceAll("\x7F", "\x7F");
    });
    assert.equal(
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(await encodeAll(encoder, [batch])),
      expected.join(""),
    );
  }));
});

Deno.test("json puts headers beside the body and renames it, when told to", async () => {
  const batch = EventBatch.from([
    { headers: { host: "web1", line: "shadowed" }, body: "GET /" },
    { body: "PUT /" },
  ]);
  const settings = { flatHeaders: true, bodyField: "line" };
  assert.equal(await encode(batch, settings), '{"host":"web1","line":"GET /"}\n{"line":"PUT /"}\n');
  assert.equal(await encode(batch.slice(1, 2), { headersField: "meta" }), '{"meta":{},"body":"PUT /"}\n');
});

Deno.test("json embeds bodies that are JSON on one line, and others as text, when told to", async () => {
  const batch = EventBatch.from([{ body: '{"id": 9007199254740993}' }, { body: "[1,\n 2]" }, {
    body: "no JSON {",
  }]);
  const lines = (await encode(batch, { parseBody: true })).split("\n");
  assert.deepEqual(lines, [
    '{"headers":{},"body":{"id": 9007199254740993}}',
    '{"headers":{},"body":[1,2]}',
    '{"headers":{},"body":"no JSON {"}',
    "",
  ]);
});

Deno.test("json reads the array that Flume's JSONHandler reads", async () => {
  assert.deepEqual(await decode(JSON.stringify(goldenEvents())), goldenEvents());
  const sample = await decode(sampleBytes("flume_events.json"), { "content-type": "application/json" });
  assert.equal(sample.length, JSON.parse(new TextDecoder().decode(sampleBytes("flume_events.json"))).length);
});

Deno.test("json takes absent parts as empty and plain values as text, as Flume does", async () => {
  const events = await decode(
    '[{"body":"a"},{"headers":{"n":5,"ok":true,"none":null}},{"headers":null,"body":7}]',
  );
  assert.deepEqual(events, [
    { headers: {}, body: "a" },
    { headers: { n: "5", ok: "true" }, body: "" },
    { headers: {}, body: "7" },
  ]);
});

Deno.test("json refuses what is no array of events, with the reason", async () => {
  const about = { "content-type": "application/json" };
  await refuses('{"headers":{},"body":"alone"}', /is no JSON array/, about);
  await refuses("[{]", /no JSON/);
  await refuses('["text"]', /Event 0 is no object/);
  await refuses('[{"body":"a"},null]', /Event 1 is no object/);
  await refuses('[{"headers":{"a":{}},"body":""}]', /Event 0: its header "a" is no text/);
  await refuses('[{"headers":["a"],"body":""}]', /Event 0: its "headers" are no object/);
  await refuses('[{"body":["a"]}]', /Event 0: its "body" is no text/);
});

Deno.test("json reads UTF-16 and UTF-32, and refuses other charsets", async () => {
  const text = '[{"headers":{},"body":"café 😀"}]';
  const little = new Uint8Array(
    Uint16Array.from([...text].join("").split(""), (unit) => unit.charCodeAt(0)).buffer,
  );
  const points = Uint32Array.from(`\uFEFF${text}`, (char) => char.codePointAt(0)!);
  const expected = [{ headers: {}, body: "café 😀" }];
  assert.deepEqual(await decode(little, { "content-type": "application/json; charset=UTF-16LE" }), expected);
  assert.deepEqual(
    await decode(new Uint8Array(points.buffer), { charset: "utf-32", "content-type": "" }),
    expected,
  );
  await refuses("[]", /Charset "iso-8859-1" is not allowed/, { charset: "ISO-8859-1" });
});

Deno.test("json reads an event from each line where the content type says so", async () => {
  const text =
    '{"headers":{"host":"web1"},"body":"GET \\"/\\""}\n\n{"body":"ohne Kopf"}\r\n{"body":"x","headers":{}}';
  assert.deepEqual(await decode(text, NDJSON), [
    { headers: { host: "web1" }, body: 'GET "/"' },
    { headers: {}, body: "ohne Kopf" },
    { headers: {}, body: "x" },
  ]);
  await refuses('{"body":"a"}\nGET /\n', /The line at byte 13 is no JSON/, NDJSON);
});

Deno.test("json reads lines of plain shape without copying their bodies", async () => {
  const plain = ['{"headers":{"app":"käse","n":"1"},"body":"Grüße"}', '{"headers": {}, "body": ""}', ""].join(
    "\n",
  );
  const bytes = UTF8.encode(plain);
  const { batch } = await (await makeCodec(json)).decoder!().decode(bytes, false);
  assert.equal(batch.block, bytes);
  assert.deepEqual(await decode(plain), [
    { headers: { app: "käse", n: "1" }, body: "Grüße" },
    { headers: {}, body: "" },
  ]);
});

Deno.test("json reads back what it has written, plain or with escapes", async () => {
  for (const sample of ["access.log", "application.log", "events.jsonl"] as const) {
    const bodies = sampleLines(sample).filter((body) => body.length > 0);
    const batch = EventBatch.ofBodies(bodies).withHeader("file", sample).withHeader(
      "n",
      bodies.map((_, n) => `${n}`),
    );
    const written = await encodeAll((await makeCodec(json)).encoder!(), [batch]);
    const read = await decodeInPieces((await makeCodec(json)).decoder!(), written, 5000);
    assert.deepEqual(
      EventBatch.ofBodies(read.map(({ body }) => body)).block,
      EventBatch.ofBodies(bodies).block,
    );
    assert.deepEqual(read[3]!.headers, { file: sample, n: "3" });
  }
});
