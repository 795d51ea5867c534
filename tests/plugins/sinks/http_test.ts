import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { type Config, type Context, EventBatch, PoisonError, type Sink, systemClock, z } from "sluice/plugin";
import line from "../../../plugins/codecs/line.ts";
import http from "../../../plugins/sinks/http.ts";
import { testContext } from "../../support/context.ts";

interface Received {
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

interface Target {
  readonly received: Received[];
  readonly endpoint: string;
  make(change?: Record<string, unknown>, context?: Context): Promise<Sink>;
}

/** A server that answers the statuses given, one after another, the last one for ever. */
async function withTarget(
  statuses: readonly number[],
  use: (target: Target) => Promise<void>,
): Promise<void> {
  const received: Received[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const status = statuses[Math.min(received.length, statuses.length - 1)]!;
    received.push({ headers: request.headers, bytes: await request.bytes() });
    return status === 204 ? new Response(null, { status }) : new Response("Quota\nexceeded", { status });
  });
  const endpoint = `http://127.0.0.1:${server.addr.port}/collect`;
  const make: Target["make"] = async (change = {}, context = testContext()) => {
    const config = z.object(http.config).parse({ endpoint, ...change }) as Config<typeof http.config>;
    return await http.create(config, context);
  };
  try {
    await use({ received, endpoint, make });
  } finally {
    await server.shutdown();
  }
}

const ORDER = EventBatch.from([{ headers: { host: "web-1" }, body: "order 17 für Zoë" }]);
const { signal } = new AbortController();

Deno.test("http sink posts the body of each event, as Flume does", async () => {
  await withTarget([200], async ({ received, make }) => {
    const sink = await make({ acceptHeader: "application/json" });
    assert.equal(sink.batchSize, 1);
    await sink.write(ORDER, signal);
    assert.equal(new TextDecoder().decode(received[0]!.bytes), "order 17 für Zoë");
    assert.equal(received[0]!.headers.get("content-type"), "text/plain");
    assert.equal(received[0]!.headers.get("accept"), "application/json");
  });
});

Deno.test("http sink consumes an event with an empty body without a request", async () => {
  await withTarget([200], async ({ received, make }) => {
    await (await make()).write(EventBatch.from([{ body: "" }]), signal);
    assert.equal(received.length, 0);
  });
});

Deno.test("http sink rejects with the answer, when a status means rollback", async () => {
  await withTarget([503], async ({ make, endpoint }) => {
    const write = (await make()).write(ORDER, signal) as Promise<void>;
    await assert.rejects(write, {
      name: "DeliveryError",
      message: `${endpoint} answered 503 "Quota exceeded"`,
    });
  });
});

Deno.test("http sink names all events of a post, when its status is one of poison", async () => {
  await withTarget([422, 400, 413, 200], async ({ make, endpoint }) => {
    const poison = {
      name: "PoisonError",
      message: `${endpoint} answered 422 "Quota exceeded"`,
      indexes: [0],
    };
    await assert.rejects(async () => await (await make({ poison: "413 422" })).write(ORDER, signal), poison);
    const encoder = { plugin: line, config: line.config };
    const batching = await make({ poison: ["4XX"], rollback: { "400": false }, encoder, maxRequests: 2 });
    const orders = EventBatch.concat([ORDER, ORDER]);
    const late = await batching.write(orders, signal);
    await assert.rejects(late!.delivered, { name: "PoisonError", indexes: [0, 1] });
    await assert.rejects((await batching.write(ORDER, signal))!.delivered, PoisonError);
    await (await batching.write(ORDER, signal))!.delivered;
  });
});

Deno.test("http sink takes no status for poison unless it is told so", async () => {
  await withTarget([400, 413, 422], async ({ make }) => {
    const sink = await make();
    for (let write = 0; write < 3; write++) {
      await assert.rejects(async () => await sink.write(ORDER, signal), { name: "DeliveryError" });
    }
  });
});

Deno.test("http sink says which of its poison is no status", () => {
  const config = z.object(http.config).parse({ endpoint: "http://127.0.0.1/", poison: "413 bad" });
  assert.deepEqual(http.check!(config as Config<typeof http.config>).map(({ key, text }) => [key, text]), [
    ["poison", '"bad" in poison is no status'],
  ]);
});

Deno.test("http sink obeys the rule of a code before that of its class", async () => {
  await withTarget([404, 410, 500], async ({ received, make }) => {
    const sink = await make({ rollback: { "4XX": false, "410": true }, backoff: { "404": false } });
    await sink.write(ORDER, signal);
    await assert.rejects(sink.write(ORDER, signal) as Promise<void>, /answered 410/);
    await assert.rejects(sink.write(ORDER, signal) as Promise<void>, /answered 500/);
    assert.equal(received.length, 3);
  });
});

Deno.test("http sink sends again at once, when a rule wants rollback without backoff", async () => {
  await withTarget([503, 503, 204], async ({ received, make }) => {
    await (await make({ backoff: { "503": false } })).write(ORDER, signal);
    assert.equal(received.length, 3);
  });
});

Deno.test("http sink waits longer each time and counts nothing, when a rule gives events up with backoff", async () => {
  await withTarget([429], async ({ make }) => {
    const waitsMs: number[] = [];
    const sleep = (ms: number) => Promise.resolve(void waitsMs.push(ms));
    const context = testContext({ clock: { ...systemClock, sleep } });
    const sink = await make({ rollback: { "429": false } }, context);
    for (let write = 0; write < 7; write++) await sink.write(ORDER, signal);
    assert.deepEqual(waitsMs, [1000, 2000, 3000, 4000, 5000, 5000, 5000]);
    assert.equal(context.counters.get("EventDrainSuccessCount"), -7);
  });
});

Deno.test("http sink takes a redirect for an answer, not for a way", async () => {
  await withTarget([302], async ({ received, make }) => {
    await assert.rejects((await make()).write(ORDER, signal) as Promise<void>, /answered 302/);
    assert.equal(received.length, 1);
  });
});

Deno.test("http sink posts a batch in one request with credentials and gzip, when it has an encoder", async () => {
  const encoder = { plugin: line, config: z.object(line.config).parse({}) };
  await withTarget([200], async ({ received, make }) => {
    const sink = await make({ encoder, compression: "gzip", token: "s3cret", batchSize: 50 });
    assert.equal(sink.batchSize, 50);
    await sink.write(EventBatch.from([{ body: "paid" }, { body: "shipped" }]), signal);
    assert.equal(new TextDecoder().decode(gunzipSync(received[0]!.bytes)), "paid\nshipped\n");
    assert.equal(received[0]!.headers.get("content-encoding"), "gzip");
    assert.equal(received[0]!.headers.get("authorization"), "Bearer s3cret");
  });
});

Deno.test("http sink keeps posts in flight up to its limit, when it may have several", async () => {
  let [open, most] = [0, 0];
  const gate = Promise.withResolvers<void>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    most = Math.max(most, ++open);
    if (open === 3) gate.resolve();
    await Promise.all([gate.promise, request.bytes()]);
    open--;
    return new Response();
  });
  const config = z.object(http.config).parse({
    endpoint: `http://127.0.0.1:${server.addr.port}/`,
    maxRequests: 3,
  });
  const sink = await http.create(config as Config<typeof http.config>, testContext());
  const delivered: Promise<void>[] = [];
  for (let write = 0; write < 9; write++) {
    delivered.push((await sink.write(ORDER, signal) as { delivered: Promise<void> }).delivered);
  }
  await Promise.all(delivered);
  assert.equal(most, 3);
  await server.shutdown();
});

Deno.test("http sink gives up in time, when no answer comes", async () => {
  const gate = Promise.withResolvers<Response>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => gate.promise);
  const endpoint = `http://127.0.0.1:${server.addr.port}/`;
  const config = z.object(http.config).parse({ endpoint, connectTimeout: 10, requestTimeout: 20 });
  const sink = await http.create(config as Config<typeof http.config>, testContext());
  await assert.rejects(sink.write(ORDER, signal) as Promise<void>, {
    message: `No answer from ${endpoint} within 30 ms`,
  });
  gate.resolve(new Response());
  await server.shutdown();
});

Deno.test("http sink says where it cannot connect", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const endpoint = `http://127.0.0.1:${listener.addr.port}/`;
  listener.close();
  const config = z.object(http.config).parse({ endpoint });
  const sink = await http.create(config as Config<typeof http.config>, testContext());
  await assert.rejects(sink.write(ORDER, signal) as Promise<void>, { message: `Cannot post to ${endpoint}` });
});

Deno.test("http sink complains about rules for what is no status", () => {
  const config = z.object(http.config).parse({
    endpoint: "http://localhost/",
    backoff: { "5xx": "true", "50": "true" },
  });
  const found = http.check!(config as Config<typeof http.config>);
  assert.deepEqual(found.map(({ text }) => text), ["backoff.50 is no status", "backoff.5xx is no status"]);
});
