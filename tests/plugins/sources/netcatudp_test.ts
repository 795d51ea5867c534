import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import type { Emit } from "sluice/plugin";
import netcatudp from "../../../plugins/sources/netcatudp.ts";
import { collectingEmit, testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";

const settings = { bind: "127.0.0.1", port: 0, remoteAddress: undefined, bufferBytes: 65_536 };

async function withSource(
  emit: Emit,
  change: Partial<typeof settings> | { remoteAddress: string },
  use: (
    parts: {
      port: number;
      send: (text: string) => Promise<void>;
      from: number;
      counters: Map<string, number>;
    },
  ) => Promise<void>,
) {
  const stop = new AbortController();
  const context = testContext({ signal: stop.signal });
  const source = await netcatudp.create({ ...settings, ...change }, context);
  const running = source.run(emit);
  await until("the port", () => context.counters.get("Port") > 0);
  const port = context.counters.get("Port");
  const socket = createSocket("udp4");
  await new Promise<void>((bound) => socket.bind(0, "127.0.0.1", bound));
  const send = (text: string) =>
    new Promise<void>((sent, failed) =>
      socket.send(Buffer.from(text), port, "127.0.0.1", (error) => error ? failed(error) : sent())
    );
  const counters = new Map([["read", 0]]);
  try {
    await use({ port, send, from: socket.address().port, counters });
  } finally {
    stop.abort();
    await running;
    await new Promise<void>((closed) => socket.close(() => closed()));
  }
}

Deno.test("netcatudp keeps the first line of each datagram and no header", async () => {
  const emit = collectingEmit();
  await withSource(emit, {}, async ({ send }) => {
    await send("<13>Nov 21 web-1 sshd: Accepted publickey\nsecond line\n");
    await send("<14>Nov 21 web-2 cron: naïve job\r");
    await until("two events", () => emit.bodies().length === 2);
  });
  assert.deepEqual(emit.bodies(), [
    "<13>Nov 21 web-1 sshd: Accepted publickey",
    "<14>Nov 21 web-2 cron: naïve job\r",
  ]);
  assert.deepEqual([...emit.batches[0]!.headers.keys()], []);
});

Deno.test("netcatudp names the sender, when a header is set for it", async () => {
  const emit = collectingEmit();
  let from = 0;
  await withSource(emit, { remoteAddress: "sender" }, async (parts) => {
    from = parts.from;
    await parts.send("GET /favicon.ico 404");
    await until("an event", () => emit.bodies().length === 1);
  });
  assert.equal(emit.batches[0]!.header(0, "sender"), `/127.0.0.1:${from}`);
});

Deno.test("netcatudp holds datagrams and passes them on together, when the pipeline wants no more for a while", async () => {
  const collected = collectingEmit();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const emit: Emit = Object.assign((...args: Parameters<Emit>) => collected(...args), { ready });
  await withSource(emit, {}, async ({ send }) => {
    for (const word of ["alpha", "bravo", "charlie"]) await send(word);
    await new Promise((done) => setImmediate(done));
    assert.equal(collected.batches.length, 0);
    resolve();
    await until("three events", () => collected.bodies().length === 3);
  });
  assert.deepEqual(collected.bodies(), ["alpha", "bravo", "charlie"]);
});

Deno.test("netcatudp names the port, when another socket has it", async () => {
  await withSource(collectingEmit(), {}, async ({ port }) => {
    const second = await netcatudp.create({ ...settings, port }, testContext());
    await assert.rejects(
      second.run(collectingEmit()),
      new RegExp(`UDP 127.0.0.1:${port}.*another program has the port`),
    );
  });
});
