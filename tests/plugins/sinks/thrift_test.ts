import assert from "node:assert/strict";
import { type AnyPlugin, errorText, EventBatch, PoisonError, type Sink, z } from "sluice/plugin";
import thrift from "../../../plugins/sinks/thrift.ts";
import type { ThriftProtocol } from "../../../protocols/thrift_rpc/types.ts";
import { testContext } from "../../support/context.ts";
import { ThriftServer } from "../../support/thrift_server.ts";
import { frame, framesOf, spell, wire } from "../../support/thrift_wire.ts";
import { until } from "../../support/until.ts";

const NEVER = new AbortController().signal;

/** A sink that sends to a server, and what the sink's context holds. */
interface SinkRun {
  readonly server: ThriftServer;
  readonly sink: Sink;
  readonly context: ReturnType<typeof testContext>;
}

async function withSink(
  settings: { readonly protocol?: ThriftProtocol } & Record<string, unknown>,
  use: (run: SinkRun) => Promise<void>,
): Promise<void> {
  const server = new ThriftServer(settings.protocol);
  const context = testContext();
  const config = z.strictObject(thrift.config).parse({
    hostname: "127.0.0.1",
    port: server.port,
    ...settings,
  });
  const sink = await (thrift as AnyPlugin).create(config, context) as Sink;
  try {
    await use({ server, sink, context });
  } finally {
    await sink.close?.();
    await server.close();
  }
}

function numbered(from: number, to: number): EventBatch {
  const bodies = Array.from(
    { length: to - from },
    (_, index) => new TextEncoder().encode(String(from + index)),
  );
  return EventBatch.ofBodies(bodies).withHeader("from", "s1");
}

async function refusalOf(sink: Sink, batch = numbered(0, 4)): Promise<string> {
  try {
    await sink.write(batch, NEVER);
  } catch (cause) {
    assert.equal((cause as Error).name, "DeliveryError");
    return errorText(cause);
  }
  throw new Error("The batch was delivered");
}

Deno.test("thrift sink sends the bytes of Flume's sink", async () => {
  const answers = framesOf(wire("sink-thrift", "s2c"));
  await withSink({}, async ({ server, sink, context }) => {
    server.answer = () => answers[server.calls.length - 1];
    for (const from of [0, 4, 8]) await sink.write(numbered(from, from + 4), NEVER);
    assert.deepEqual(
      new Uint8Array(await new Blob(server.received.map(plainBytes)).arrayBuffer()),
      wire("sink-thrift", "c2s"),
    );
    assert.deepEqual(context.counters.snapshot(), { ConnectionCreatedCount: 1, BatchUnderflowCount: 3 });
  });
});

function plainBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}

Deno.test("thrift sink speaks the binary protocol, with headers that differ from event to event", async () => {
  await withSink({ protocol: "binary" }, async ({ server, sink }) => {
    const events = [
      { headers: { host: "köln-1", level: "INFO" }, body: "Müller" },
      { headers: { host: "köln-1" }, body: "" },
      { headers: { host: "köln-2", level: "日本".repeat(50) }, body: "x".repeat(1000) },
    ];
    await sink.write(EventBatch.from(events), NEVER);
    const { events: called } = server.calls[0]!;
    const headers = called!.headers.columns();
    assert.deepEqual(headers.get("host"), ["köln-1", "köln-1", "köln-2"]);
    assert.deepEqual(headers.get("level"), ["INFO", undefined, "日本".repeat(50)]);
    assert.deepEqual(
      server.bodies.map((body) => new TextDecoder().decode(body)),
      events.map(({ body }) => body),
    );
  });
});

Deno.test("thrift sink says what the next hop answered, and connects anew", async () => {
  await withSink({}, async ({ server, sink, context }) => {
    const target = `127.0.0.1:${server.port}`;
    for (const status of ["FAILED", "ERROR", "UNKNOWN"] as const) {
      server.answer = () => status;
      assert.equal(await refusalOf(sink), `${target} answered ${status}`);
    }
    server.answer = () => ({ type: 1, text: "Invalid method name: 'appendBatch'" });
    assert.equal(
      await refusalOf(sink),
      `${target} does not take the call: "Invalid method name: 'appendBatch'" (type 1)`,
    );
    server.answer = () => "OK";
    await sink.write(numbered(0, 4), NEVER);
    assert.equal(server.connections, 5);
    assert.equal(context.counters.get("ConnectionClosedCount"), 4);
  });
});

/** Answers that are none, and what the sink says of them. */
const BAD_ANSWERS: readonly (readonly [what: string, answer: Uint8Array, said: RegExp])[] = [
  [
    "another call's answer",
    frame("8241 09 0b 'appendBatch' 0500 00 00"),
    /answered call 9 in place of call 1$/,
  ],
  ["an answer without a status", frame("8241 01 0b 'appendBatch' 00"), /an answer without a status/],
  ["a status that is not known", frame("8241 01 0b 'appendBatch' 0500 12 00"), /answered UNKNOWN$/],
  ["a call", frame("8221 01 0b 'appendBatch' 0500 00 00"), /a call in place of an answer/],
  ["the other protocol", framesOf(wire("thrift-binary", "s2c"))[1]!, /the first byte is not 82/],
  ["a frame without end", spell("7fffffff 00"), /A frame of 2147483647 bytes; 1 to 65536 are allowed/],
  [
    "an HTTP answer",
    new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"),
    /A frame of 1213486160 bytes/,
  ],
];

for (const [what, answer, said] of BAD_ANSWERS) {
  Deno.test(`thrift sink does not take ${what} for a commit`, async () => {
    await withSink({}, async ({ server, sink }) => {
      server.answer = () => answer;
      assert.match(await refusalOf(sink), said);
    });
  });
}

Deno.test("thrift sink gives up a call that is not answered in time, and the connection with it", async () => {
  await withSink({ "request-timeout": 1000 }, async ({ server, sink }) => {
    server.answer = () => undefined;
    assert.match(await refusalOf(sink), /gave no answer: no answer came within 1000 ms$/);
    server.answer = () => "OK";
    await sink.write(numbered(0, 4), NEVER);
    assert.equal(server.connections, 2);
  });
});

Deno.test("thrift sink sends again over a new connection, when the next hop dies in a call", async () => {
  await withSink({}, async ({ server, sink }) => {
    server.answer = () => void server.dropAll();
    assert.match(await refusalOf(sink), /gave no answer|Call to .* failed/);
    server.answer = () => "OK";
    await sink.write(numbered(0, 4), NEVER);
    assert.equal(server.calls.length, 2);
  });
});

Deno.test("thrift sink gives up its call at once, when it must stop", async () => {
  await withSink({}, async ({ server, sink }) => {
    const stop = new AbortController();
    server.answer = () => undefined;
    const written = Promise.resolve(sink.write(numbered(0, 4), stop.signal));
    await until("the call", () => server.calls.length === 1);
    stop.abort();
    await assert.rejects(written, /gave no answer: the sink stops/);
  });
});

Deno.test("thrift sink sends a batch in several calls, when one would be too long", async () => {
  await withSink({ maxFrameBytes: 100 }, async ({ server, sink }) => {
    await sink.write(numbered(0, 30), NEVER);
    assert.deepEqual(
      server.bodies.map((body) => new TextDecoder().decode(body)),
      Array.from({ length: 30 }, (_, index) => String(index)),
    );
    assert.deepEqual(
      server.calls.map(({ head }) => head.sequence),
      server.calls.map((_, index) => index + 1),
    );
    const longest = Math.max(...framesOf(plainBytes(await bytesOf(server))).map(({ length }) => length - 4));
    assert.ok(longest <= 100 && longest > 50, `${longest} bytes`);
  });
});

async function bytesOf({ received }: ThriftServer): Promise<Uint8Array> {
  return new Uint8Array(await new Blob(received.map(plainBytes)).arrayBuffer());
}

Deno.test("thrift sink names the events that no call can hold, and sends nothing of the batch", async () => {
  await withSink({ maxFrameBytes: 100 }, async ({ server, sink }) => {
    const batch = EventBatch.from(
      ["short", "x".repeat(100), "short", "y".repeat(200)].map((body) => ({ body })),
    );
    await assert.rejects(async () => await sink.write(batch, NEVER), (cause: PoisonError) => {
      assert.ok(cause instanceof PoisonError);
      assert.deepEqual(cause.indexes, [1, 3]);
      return true;
    });
    assert.equal(server.calls.length, 0);
    await sink.write(batch.select(Uint32Array.of(0, 2)), NEVER);
    assert.deepEqual(server.calls.map(({ head }) => head.sequence), [1]);
  });
});
