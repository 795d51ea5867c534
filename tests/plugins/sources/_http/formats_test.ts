import assert from "node:assert/strict";
import { deflateSync, gzipSync } from "node:zlib";
import { z } from "sluice/plugin";
import blob from "../../../../plugins/codecs/blob.ts";
import line from "../../../../plugins/codecs/line.ts";
import { collectingEmit } from "../../../support/context.ts";
import { JSON_TYPE, ONE_EVENT, withSource } from "./running.ts";

Deno.test("http source takes Flume's JSON and answers an empty 200", async () => {
  const emit = collectingEmit();
  await withSource(emit, {}, async ({ post }) => {
    const body =
      '[{"headers":{"host":"web-1","code":200},"body":"GET /a\\nGET /b"},{"body":null},{"headers":null,"body":"日本"}]';
    assert.deepEqual(await post(body, JSON_TYPE), { status: 200, text: "" });
    assert.deepEqual(await post("[]", JSON_TYPE), { status: 200, text: "" });
  });
  assert.deepEqual(emit.bodies(), ["GET /a\nGET /b", "", "日本"]);
  const [batch] = emit.batches;
  assert.equal(batch!.header(0, "host"), "web-1");
  assert.equal(batch!.header(0, "code"), "200");
  assert.equal(batch!.header(1, "host"), undefined);
});

Deno.test("http source refuses what is no JSON array of events with 400 and the reason", async () => {
  const emit = collectingEmit();
  const cases: [string, RegExp][] = [
    ['{"headers":{},"body":"alone"}', /no JSON array/],
    ['[{"body":"torn', /The body is no JSON: /],
    ["", /The body is no JSON/],
    ["[1]", /Event 0 is no object/],
    ['[{"body":{}}]', /Event 0: its "body" is no text/],
    ['[{"headers":{"a":[]},"body":""}]', /Event 0: its header "a" is no text/],
    ['[{"headers":"a","body":""}]', /Event 0: its "headers"/],
  ];
  await withSource(emit, {}, async ({ post, context }) => {
    for (const [body, reason] of cases) {
      const { status, text } = await post(body, JSON_TYPE);
      assert.equal(status, 400, body);
      assert.match(text, reason);
    }
    assert.equal(context.counters.get("EventReadFail"), cases.length);
  });
  assert.equal(emit.batches.length, 0);
});

Deno.test("http source reads JSON in UTF-16 and UTF-32, and refuses other charsets", async () => {
  const emit = collectingEmit();
  const utf16 = Uint8Array.from(
    [...ONE_EVENT].flatMap((letter) => [letter.charCodeAt(0) >> 8, letter.charCodeAt(0) & 255]),
  );
  const utf32 = Uint8Array.from(
    [...ONE_EVENT].flatMap((letter) => [0, 0, letter.charCodeAt(0) >> 8, letter.charCodeAt(0) & 255]),
  );
  await withSource(emit, {}, async ({ post }) => {
    assert.equal((await post(utf16, { "content-type": "application/json; charset=UTF-16" })).status, 200);
    assert.equal((await post(utf32, { "content-type": 'application/json; charset="utf-32"' })).status, 200);
    assert.equal((await post(ONE_EVENT, { "content-type": "application/json; charset=koi8-r" })).status, 415);
  });
  assert.deepEqual(emit.bodies(), ["GET /índex.html 200", "GET /índex.html 200"]);
});

Deno.test("http source takes each line of NDJSON as a body, blank lines left out", async () => {
  const emit = collectingEmit();
  await withSource(emit, {}, async ({ post }) => {
    const body = '{"level":"warn","text":"Größe"}\n\n{"level":"info"}\r\n{"level":"debug"}';
    assert.equal((await post(body, { "content-type": "application/x-ndjson" })).status, 200);
  });
  assert.deepEqual(emit.bodies(), [
    '{"level":"warn","text":"Größe"}',
    '{"level":"info"}',
    '{"level":"debug"}',
  ]);
});

Deno.test("http source takes events with headers from NDJSON, when it is told so", async () => {
  const emit = collectingEmit();
  await withSource(emit, { ndjson: "event" }, async ({ post }) => {
    const type = { "content-type": "application/x-ndjson" };
    assert.equal(
      (await post('{"headers":{"app":"shop"},"body":"paid"}\n{"body":"shipped"}\n', type)).status,
      200,
    );
    assert.match((await post('{"body":"fine"}\nnot json\n', type)).text, /Line 2 is no JSON/);
  });
  assert.deepEqual(emit.bodies(), ["paid", "shipped"]);
  assert.equal(emit.batches[0]!.header(0, "app"), "shop");
});

Deno.test("http source takes lines of text and whole blobs", async () => {
  const emit = collectingEmit();
  await withSource(emit, {}, async ({ post, url }) => {
    assert.equal(
      (await post("sshd: opened\r\n\nsshd: closed\n", { "content-type": "text/plain" })).status,
      200,
    );
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
    const response = await fetch(`${url}?name=a.png&name=b.png&owner=Zo%C3%AB`, {
      method: "POST",
      body: png,
      headers: { "content-type": "application/octet-stream" },
    });
    assert.equal(response.status, 200);
    await response.body?.cancel();
    assert.deepEqual(emit.batches.at(-1)!.body(0), png);
  });
  assert.deepEqual(emit.bodies().slice(0, 3), ["sshd: opened", "", "sshd: closed"]);
  assert.deepEqual([...emit.batches.at(-1)!.headers], [["name", "a.png"], ["owner", "Zoë"]]);
});

Deno.test("http source reads all bodies with its handler, when it has one", async () => {
  const emit = collectingEmit();
  const lines = { plugin: line, config: z.object(line.config).parse({}) };
  await withSource(emit, { handler: lines }, async ({ post }) => {
    assert.equal((await post("one order\nanother order\n", JSON_TYPE)).status, 200);
  });
  assert.deepEqual(emit.bodies(), ["one order", "another order"]);
});

Deno.test("http source demands the parameters that its blob handler names", async () => {
  const emit = collectingEmit();
  const choice = { plugin: blob, config: z.object(blob.config).parse({ mandatoryParameters: "id" }) };
  await withSource(emit, { handler: choice }, async ({ post }) => {
    const { status, text } = await post("photo", JSON_TYPE);
    assert.equal(status, 400);
    assert.match(text, /Query parameters are missing: id/);
  });
});

Deno.test("http source inflates bodies within its limit", async () => {
  const emit = collectingEmit();
  await withSource(emit, { maxBodyBytes: "10KiB" }, async ({ post }) => {
    const encoded = (encoding: string) => ({ ...JSON_TYPE, "content-encoding": encoding });
    assert.equal((await post(gzipSync(ONE_EVENT), encoded("gzip"))).status, 200);
    assert.equal((await post(deflateSync(ONE_EVENT), encoded("deflate"))).status, 200);
    assert.equal((await post(gzipSync(ONE_EVENT).subarray(0, 30), encoded("gzip"))).status, 400);
    assert.equal((await post(gzipSync(new Uint8Array(1_000_000)), encoded("gzip"))).status, 413);
    assert.equal((await post(ONE_EVENT, encoded("br"))).status, 415);
  });
  assert.equal(emit.bodies().length, 2);
});

Deno.test("http source refuses bodies over the limit, declared or streamed", async () => {
  await withSource(collectingEmit(), { maxBodyBytes: 100 }, async ({ post, url }) => {
    assert.equal((await post("x".repeat(101), JSON_TYPE)).status, 413);
    const chunks = ReadableStream.from([new Uint8Array(60), new Uint8Array(60)]);
    const response = await fetch(url, { method: "POST", body: chunks, headers: JSON_TYPE });
    assert.equal(response.status, 413);
    assert.match(await response.text(), /exceeds 100 bytes/);
  });
});
