import assert from "node:assert/strict";
import { ChannelFullError, type EventBatch } from "sluice/plugin";
import http from "../../../plugins/sources/http.ts";
import { readKeyStore } from "../../../protocols/tls.ts";
import { JKS_STORE, PKCS12_STORE, STORE_PASSWORD } from "../../protocols/key_stores.ts";
import { collectingEmit, testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";
import { emitOf, JSON_TYPE, ONE_EVENT, settingsOf, withSource } from "./_http/running.ts";

Deno.test("http source answers only after the commit, and joins requests that wait", async () => {
  const commit = Promise.withResolvers<void>();
  const batches: EventBatch[] = [];
  const emit = emitOf((batch) => {
    batches.push(batch);
    return commit.promise;
  });
  await withSource(emit, {}, async ({ post }) => {
    let answered = 0;
    const posts = Array.from({ length: 20 }, async () => {
      const { status } = await post(ONE_EVENT, JSON_TYPE);
      answered++;
      return status;
    });
    await until("all events", () => batches.reduce((sum, { size }) => sum + size, 0) === 20);
    assert.equal(answered, 0);
    commit.resolve();
    assert.deepEqual(new Set(await Promise.all(posts)), new Set([200]));
  });
});

Deno.test("http source answers 503 with Retry-After, when the channel is full", async () => {
  const emit = emitOf(() =>
    Promise.reject(new ChannelFullError("Cannot put 1 events: channel holds 100 of 100"))
  );
  await withSource(emit, { retryAfter: "2s" }, async ({ url }) => {
    const response = await fetch(url, { method: "POST", body: ONE_EVENT, headers: JSON_TYPE });
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("retry-after"), "2");
    assert.match(await response.text(), /channel holds 100 of 100: send again in 2 s/);
  });
});

Deno.test("http source answers 429, when too many requests are in flight", async () => {
  const commit = Promise.withResolvers<void>();
  let emitted = 0;
  const emit = emitOf(() => {
    emitted++;
    return commit.promise;
  });
  await withSource(emit, { maxRequests: 1 }, async ({ post }) => {
    const first = post(ONE_EVENT, JSON_TYPE);
    await until("the first request", () => emitted === 1);
    assert.equal((await post(ONE_EVENT, JSON_TYPE)).status, 429);
    commit.resolve();
    assert.equal((await first).status, 200);
    assert.equal((await post(ONE_EVENT, JSON_TYPE)).status, 200);
  });
});

Deno.test("http source lets only clients with credentials post", async () => {
  const emit = collectingEmit();
  const settings = { tokens: ["s3cret", "other"], username: "flume", password: "wörd" };
  const basic = new TextEncoder().encode("flume:wörd").toBase64();
  await withSource(emit, settings, async ({ post, url }) => {
    assert.equal((await post(ONE_EVENT, { authorization: "Bearer s3cret" })).status, 200);
    assert.equal((await post(ONE_EVENT, { authorization: "bearer other" })).status, 200);
    assert.equal((await post(ONE_EVENT, { authorization: `Basic ${basic}` })).status, 200);
    assert.equal((await post(ONE_EVENT, { authorization: "Bearer s3cre" })).status, 401);
    const response = await fetch(url, { method: "POST", body: ONE_EVENT });
    assert.equal(response.status, 401);
    assert.match(response.headers.get("www-authenticate")!, /^Basic realm/);
    await response.body?.cancel();
  });
  assert.equal(emit.bodies().length, 3);
});

Deno.test("http source takes events on its path only, and by POST only", async () => {
  await withSource(collectingEmit(), { path: "/events" }, async ({ url }) => {
    const status = async (path: string, method: string, body?: string) => {
      const response = await fetch(new URL(path, url), { method, ...body !== undefined && { body } });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await status("/events?from=test", "POST", ONE_EVENT), 200);
    assert.equal(await status("/other", "POST", ONE_EVENT), 404);
    assert.equal(await status("/events", "GET"), 200);
    assert.equal(await status("/events", "DELETE"), 405);
  });
});

Deno.test("http source answers 408, when a body does not come", async () => {
  await withSource(collectingEmit(), { bodyTimeout: 20 }, async ({ url }) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
    await conn.write(new TextEncoder().encode("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n[{"));
    const buffer = new Uint8Array(1024);
    const bytes = await conn.read(buffer);
    assert.match(new TextDecoder().decode(buffer.subarray(0, bytes!)), /^HTTP\/1.1 408 /);
    conn.close();
  });
});

Deno.test("http source counts a client that disconnects in the middle and goes on", async () => {
  const emit = collectingEmit();
  await withSource(emit, {}, async ({ url, post, context }) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
    await conn.write(new TextEncoder().encode("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n[{"));
    conn.close();
    await until("the failure to be counted", () => context.counters.get("EventReadFail") === 1);
    assert.equal((await post(ONE_EVENT, JSON_TYPE)).status, 200);
  });
  assert.equal(emit.bodies().length, 1);
});

/** Posts over TLS to a source with these settings, as a client that trusts one certificate. */
async function postOverTls(settings: Record<string, unknown>, cert: string): Promise<void> {
  const emit = collectingEmit();
  using client = Deno.createHttpClient({ caCerts: [cert] });
  await withSource(emit, { ssl: true, ...settings }, async ({ url }) => {
    const response = await fetch(url.replace("127.0.0.1", "localhost"), {
      method: "POST",
      body: ONE_EVENT,
      client,
    });
    assert.equal(response.status, 200);
    await response.body?.cancel();
  });
  assert.equal(emit.bodies().length, 1);
}

for (const [format, store] of [["JKS", JKS_STORE], ["PKCS12", PKCS12_STORE]] as const) {
  Deno.test(`http source speaks TLS with the key of a ${format} store`, async () => {
    const keystore = await Deno.makeTempFile();
    await Deno.writeFile(keystore, store);
    const { cert } = await readKeyStore({ path: keystore, bytes: store, password: STORE_PASSWORD });
    await postOverTls({ keystore, "keystore-password": STORE_PASSWORD }, cert);
    await Deno.remove(keystore);
  });
}

Deno.test("http source speaks TLS with certificate and key in PEM files", async () => {
  const folder = await Deno.makeTempDir();
  const store = { path: "store.jks", bytes: JKS_STORE, password: STORE_PASSWORD };
  const { cert, key } = await readKeyStore(store);
  await Deno.writeTextFile(`${folder}/cert.pem`, cert);
  await Deno.writeTextFile(`${folder}/key.pem`, key);
  await postOverTls({ certFile: `${folder}/cert.pem`, keyFile: `${folder}/key.pem` }, cert);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("http source says what is missing, when TLS is on without a certificate", async () => {
  const source = await http.create(settingsOf({ ssl: true }), testContext());
  await assert.rejects(source.run(collectingEmit()), /set certFile and keyFile, or keystore/);
});

Deno.test("http source names the port, when another program has it", async () => {
  await withSource(collectingEmit(), {}, async ({ context }) => {
    const port = context.counters.get("Port");
    const second = await http.create(settingsOf({ port }), testContext());
    await assert.rejects(
      second.run(collectingEmit()),
      new RegExp(`127.0.0.1:${port}: another program has the port`),
    );
  });
});

Deno.test("http source complains about settings that would let strangers in", () => {
  const found = http.check!(
    settingsOf({ SslContextFactory: { needClientAuth: "true" }, username: "flume", path: "in" }),
  );
  assert.deepEqual(found.map(({ key }) => key), ["username", "path", "SslContextFactory"]);
});
