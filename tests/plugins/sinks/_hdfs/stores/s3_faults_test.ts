import assert from "node:assert/strict";
import { sharedServerTest } from "../../../../servers/mod.ts";
import { patternBytes, slicesOf } from "../../../../support/byte_slices.ts";
import { HttpRelay } from "../../../../support/http_relay.ts";
import { openS3, type S3Bench } from "../../../../support/s3.ts";
import { until } from "../../../../support/until.ts";

const NEVER = new AbortController().signal;
const CONTENT = patternBytes(8 * 1024 * 1024 + 1000);
const CREATE = /^POST \S*uploads=/;
const PART = /^PUT \S*partNumber=/;
const COMPLETE = /^POST \S*uploadId=/;
const ABORT = /^DELETE /;
const BUSY = { answer: "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n" };

const s3Test = sharedServerTest("s3");

/** Sends and publishes a file on a way that `meddle` has made a bad one; it must be there once, and nothing else. */
async function deliver(env: Record<string, string>, meddle: (relay: HttpRelay) => void): Promise<HttpRelay> {
  using relay = new HttpRelay(env.S3_ENDPOINT!);
  await using bench = openS3(env, { change: { endpoint: relay.endpoint, timeoutMs: 400 } });
  meddle(relay);
  const upload = await bench.store.put("a", slicesOf(CONTENT), NEVER);
  assert.equal(await bench.store.publish(upload, "a"), "done");
  await assertWhole(env, bench);
  assert.equal(Deno.readTextFileSync(bench.notesPath), "[]");
  return relay;
}

async function assertWhole(env: Record<string, string>, bench: S3Bench): Promise<void> {
  const found = Deno.readFileSync(`${env.S3_FOLDER}/${bench.prefix}/a`);
  assert.ok(found.length === CONTENT.length && found.every((byte, at) => byte === CONTENT[at]));
  assert.deepEqual(await bench.client.listUploads(`${bench.prefix}/a`), []);
}

s3Test("an answer about an object that is complete is lost: a look settles it", async ({ env }) => {
  const { lines } = await deliver(env, (relay) => relay.meddle(COMPLETE, "lose answer"));
  assert.ok(lines.filter((line) => COMPLETE.test(line)).length > 1);
});

s3Test(
  "answers about an object that is complete are lost until the call fails: the next one is done",
  async ({ env }) => {
    using relay = new HttpRelay(env.S3_ENDPOINT!);
    await using bench = openS3(env, { change: { endpoint: relay.endpoint, maxTries: 2 } });
    const upload = await bench.store.put("a", slicesOf(CONTENT), NEVER);
    relay.meddle(COMPLETE, "lose answer", 2);
    relay.meddle(/^HEAD /, "lose", 4);
    await assert.rejects(bench.store.publish(upload, "a"), /ConnectionLost/);
    await assert.rejects(bench.store.publish(upload, "a"), /ConnectionLost/);
    await until("an answer", async () => await bench.store.publish(upload, "a").catch(() => "") === "done");
    await assertWhole(env, bench);
  },
);

s3Test(
  "an answer about a new upload is lost: the next one is used, and the first taken away",
  async ({ env }) => {
    await deliver(env, (relay) => relay.meddle(CREATE, "lose answer", 2));
  },
);

s3Test("requests that are lost, refused or ignored on the way are made again", async ({ env }) => {
  await deliver(env, (relay) => {
    relay.meddle(CREATE, BUSY, 2);
    relay.meddle(PART, "lose", 2);
    relay.meddle(PART, "lose answer");
    relay.meddle(PART, BUSY);
    relay.meddle(COMPLETE, "lose");
    relay.meddle(COMPLETE, "ignore");
    relay.meddle(/^HEAD /, "ignore");
  });
});

s3Test("a part that does not get through ends the file, with nothing left in the bucket", async ({ env }) => {
  using relay = new HttpRelay(env.S3_ENDPOINT!);
  await using bench = openS3(env, { change: { endpoint: relay.endpoint, maxTries: 2 } });
  relay.meddle(PART, BUSY, 2);
  await assert.rejects(bench.store.put("a", slicesOf(CONTENT), NEVER), /UploadPart .*Http503/);
  assert.deepEqual(await bench.client.listUploads(`${bench.prefix}/a`), []);
});

s3Test("what could not be taken away is, when the file is sent again", async ({ env }) => {
  using relay = new HttpRelay(env.S3_ENDPOINT!);
  await using bench = openS3(env, { change: { endpoint: relay.endpoint, maxTries: 2 } });
  relay.meddle(PART, BUSY, 2);
  relay.meddle(ABORT, BUSY, 2);
  await assert.rejects(bench.store.put("a", slicesOf(CONTENT), NEVER), /Http503/);
  assert.equal((await bench.client.listUploads(`${bench.prefix}/a`)).length, 1);
  const upload = await bench.store.put("a", slicesOf(CONTENT), NEVER);
  assert.equal((await bench.client.listUploads(`${bench.prefix}/a`)).length, 1);
  assert.equal(await bench.store.publish(upload, "a"), "done");
  await assertWhole(env, bench);
});

s3Test("leftovers that may not be looked for are warned of, and hold up nothing", async ({ env }) => {
  using relay = new HttpRelay(env.S3_ENDPOINT!);
  await using bench = openS3(env, { change: { endpoint: relay.endpoint } });
  const forbidden = { answer: "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" };
  relay.meddle(CREATE, "lose answer");
  relay.meddle(/^GET \S*uploads=/, forbidden, 2);
  const upload = await bench.store.put("a", slicesOf(CONTENT), NEVER);
  assert.equal(await bench.store.publish(upload, "a"), "done");
  assert.equal(bench.warnings.length, 2);
  await using next = openS3(env, { place: bench });
  await next.store.begin([]);
  await until("the notes to go", () => Deno.readTextFileSync(bench.notesPath) === "[]");
  await assertWhole(env, bench);
});

s3Test("a server that was away has what it confirmed, and takes the rest", async (server) => {
  const { env } = server;
  await using bench = openS3(env, { change: { maxTries: 2 } });
  const upload = await bench.store.put("a", slicesOf(CONTENT), NEVER);
  await server.control("kill");
  await assert.rejects(bench.store.publish(upload, "a"), /ConnectionLost/);
  await assert.rejects(bench.store.put("b", slicesOf(CONTENT), NEVER), /ConnectionLost/);
  await server.control("start");
  assert.equal(await bench.store.publish(upload, "a"), "done");
  await assertWhole(env, bench);
});
