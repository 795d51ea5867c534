import assert from "node:assert/strict";
import { type AnyPlugin, type BatchIdentity, EventBatch, type Sink, z } from "sluice/plugin";
import avro from "../../../plugins/sinks/avro.ts";
import { testContext } from "../../support/context.ts";
import { withAvroSource } from "../sources/_avro/running.ts";

const NEVER = new AbortController().signal;

/** A relay that loses the first answers, as often as it is told, and the connection with each. */
function losingRelay(
  targetPort: number,
  losses: number,
): { readonly port: number; [Symbol.dispose](): void } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let lost = 0;
  const serve = async () => {
    for await (const client of listener) {
      const target = await Deno.connect({ hostname: "127.0.0.1", port: targetPort });
      void pump(client, target, () => true);
      void pump(target, client, () => ++lost > losses);
    }
  };
  serve().catch(() => {});
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

async function pump(from: Deno.Conn, to: Deno.Conn, passes: () => boolean): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (let bytes = await from.read(buffer); bytes !== null && passes(); bytes = await from.read(buffer)) {
      for (let rest = buffer.subarray(0, bytes); rest.length > 0;) rest = rest.subarray(await to.write(rest));
    }
  } catch {
    // The other pump has closed them.
  }
  for (const conn of [from, to]) {
    try {
      conn.close();
    } catch {
      // It is closed already.
    }
  }
}

function numbered(first: number, count: number): EventBatch {
  const identity: BatchIdentity = { stream: "main@7.0", runs: [{ first, count, after: first, timeMs: 1 }] };
  const bodies = Array.from({ length: count }, (_, index) => ({ body: String(first + index) }));
  return EventBatch.from(bodies).with({ identity });
}

/** Sends batches until each is accepted; gives the bodies that the source emitted. */
async function deliver(batches: readonly EventBatch[], losses: number, settings = {}): Promise<string[]> {
  const run = await withAvroSource({}, async ({ port }) => {
    using relay = losingRelay(port, losses);
    const config = z.strictObject(avro.config).parse({
      hostname: "127.0.0.1",
      port: relay.port,
      ...settings,
    });
    const sink = await (avro as AnyPlugin).create(config, testContext()) as Sink;
    for (const batch of batches) await writeUntilAccepted(sink, batch);
    await sink.close?.();
  });
  return run.bodies();
}

async function writeUntilAccepted(sink: Sink, batch: EventBatch): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return void await sink.write(batch, NEVER);
    } catch (cause) {
      if (tries === 5) throw cause;
    }
  }
}

Deno.test("what a Sluice source accepted and the sink sends again, because the answer got lost, comes once", async () => {
  // The second try is the first call on its connection, and is recognised all the same; so is another cut.
  const batches = [numbered(0, 3), numbered(3, 2), numbered(4, 3)];
  assert.deepEqual(await deliver(batches, 2), ["0", "1", "2", "3", "4", "5", "6"]);
});

Deno.test("without batchIdentity it comes as often as it was sent, as from Flume", async () => {
  assert.deepEqual(await deliver([numbered(0, 2)], 2, { batchIdentity: false }), [
    "0",
    "1",
    "0",
    "1",
    "0",
    "1",
  ]);
});
