import assert from "node:assert/strict";
import { EventBatch, z } from "sluice/plugin";
import { rpcFields, type RpcSettings } from "../../../../plugins/sinks/_rpc/fields.ts";
import { type RpcClient, rpcSink } from "../../../../plugins/sinks/_rpc/rpc_sink.ts";
import { testContext } from "../../../support/context.ts";

const NEVER = new AbortController().signal;
const BATCH = EventBatch.ofBodies([Uint8Array.of(1), Uint8Array.of(2)]);

/** A client of which everything can be seen. */
class SeenClient implements RpcClient {
  isBroken = false;
  isClosed = false;
  sent = 0;
  fault: Error | undefined;

  send({ size }: EventBatch): Promise<void> {
    if (this.fault) return Promise.reject(this.fault);
    this.sent += size;
    return Promise.resolve();
  }

  close(): void {
    this.isClosed = true;
  }
}

function seenSink(settings: Record<string, unknown>) {
  let now = 1000;
  const context = testContext({ clock: { now: () => now, sleep: () => Promise.resolve() } });
  const clients: SeenClient[] = [];
  const written = { hostname: "next", port: 4141, ...settings };
  const all = z.strictObject(rpcFields).parse(written) as RpcSettings;
  const sink = rpcSink(all, context, () => {
    clients.push(new SeenClient());
    return Promise.resolve(clients.at(-1)!);
  });
  return { sink, clients, counters: context.counters, pass: (ms: number) => now += ms };
}

Deno.test("an RPC sink keeps its connection", async () => {
  const { sink, clients } = seenSink({});
  await sink.write(BATCH, NEVER);
  await sink.write(BATCH, NEVER);
  assert.deepEqual(clients.map(({ sent, isClosed }) => [sent, isClosed]), [[4, false]]);
  await sink.close?.();
  assert.equal(clients[0]!.isClosed, true);
});

Deno.test("an RPC sink connects anew without a failure when the other side has closed", async () => {
  const { sink, clients, counters } = seenSink({});
  await sink.write(BATCH, NEVER);
  clients[0]!.isBroken = true;
  await sink.write(BATCH, NEVER);
  assert.deepEqual(clients.map(({ sent, isClosed }) => [sent, isClosed]), [[2, true], [2, false]]);
  assert.equal(counters.get("ConnectionClosedCount"), 1);
});

Deno.test("an RPC sink connects anew after a failure", async () => {
  const { sink, clients } = seenSink({});
  await sink.write(BATCH, NEVER);
  clients[0]!.fault = new Error("FAILED");
  await assert.rejects(async () => await sink.write(BATCH, NEVER), /FAILED/);
  await sink.write(BATCH, NEVER);
  assert.deepEqual(clients.map(({ isClosed }) => isClosed), [true, false]);
});

Deno.test("an RPC sink connects anew as often as reset-connection-interval says", async () => {
  const { sink, clients, pass } = seenSink({ "reset-connection-interval": "10s" });
  await sink.write(BATCH, NEVER);
  pass(9999);
  await sink.write(BATCH, NEVER);
  assert.equal(clients.length, 1);
  pass(1);
  await sink.write(BATCH, NEVER);
  assert.deepEqual(clients.map(({ sent, isClosed }) => [sent, isClosed]), [[4, true], [2, false]]);
});

Deno.test("an RPC sink takes as many events as batch-size says, 100 without it", () => {
  assert.equal(seenSink({}).sink.batchSize, 100);
  assert.equal(seenSink({ "batch-size": 7 }).sink.batchSize, 7);
});
