import assert from "node:assert/strict";
import fc from "fast-check";
import thriftLegacy from "../../../plugins/sources/thrift_legacy.ts";
import { decodeLegacyCall } from "../../../protocols/thrift_rpc/legacy_event.ts";
import { runSource, type SourceRun } from "../../support/run_source.ts";
import { frame, spell, wire } from "../../support/thrift_wire.ts";
import { until } from "../../support/until.ts";
import { plainEvents, readToEnd, send } from "./_thrift/client.ts";

const CLOSE = spell("80010001 00000005 'close' 00000002 00");
const CLOSED = spell("80010002 00000005 'close' 00000002 00");
const HEAD = "80010004 00000006 'append' 00000001";
const FUZZ_RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 3000);
const SEED = Deno.env.get("PROPERTY_SEED");

/** What a Flume 1.11 made of the recorded session. */
const EVENTS = [
  {
    headers: {
      host: "web-1",
      timestamp: "1700000000000",
      pri: "INFO",
      nanos: "123456789",
      hello: "world",
      größe: "日本",
      FlumeOG: "yes",
    },
    body: "first",
  },
  {
    headers: { host: "", timestamp: "-1", pri: "FATAL", nanos: "9223372036854775807", FlumeOG: "yes" },
    body: "",
  },
  { headers: { host: "other", timestamp: "3", pri: "x", nanos: "0", FlumeOG: "yes" }, body: "third" },
].map(({ headers, body }) => ({ headers, body: Array.from(new TextEncoder().encode(body)) }));

async function withLegacy(
  settings: Record<string, unknown>,
  use: (run: SourceRun, exchange: (...sent: Uint8Array[]) => Promise<Uint8Array>) => Promise<void>,
): Promise<void> {
  const run = runSource(thriftLegacy, { host: "127.0.0.1", port: 0, ...settings });
  try {
    await until("the port", () => run.context.counters.get("Port") > 0);
    await use(run, async (...sent) => {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port: run.context.counters.get("Port") });
      const answers = readToEnd(conn);
      for (const bytes of sent) await send(conn, bytes).catch(() => {});
      await conn.closeWrite().catch(() => {});
      return await answers;
    });
  } finally {
    await run.stop();
  }
}

Deno.test("thrift_legacy makes of Flume 0.9.4's events what Flume makes of them, and answers close", async () => {
  await withLegacy({}, async (run, exchange) => {
    assert.deepEqual(await exchange(wire("thrift-legacy", "c2s")), wire("thrift-legacy", "s2c"));
    assert.deepEqual(plainEvents(run.batches), EVENTS);
  });
});

Deno.test("thrift_legacy takes calls that come in single bytes", async () => {
  await withLegacy({}, async (run, exchange) => {
    const calls = Array.from(wire("thrift-legacy", "c2s"), (byte) => Uint8Array.of(byte));
    assert.deepEqual(await exchange(...calls), wire("thrift-legacy", "s2c"));
    assert.deepEqual(plainEvents(run.batches), EVENTS);
  });
});

Deno.test("thrift_legacy keeps an event that lacks fields, or has one that nobody knows", async () => {
  const bare = spell(`${HEAD} 0c0001 0b0003 00000001 'a' 00 00`);
  const odd = spell(
    `${HEAD} 0c0001 080002 00000009 0f0007 0c 00000001 0200010100 0b0005 00000002 'h1' 00 00`,
  );
  const empty = spell(`${HEAD} 00`);
  await withLegacy({}, async (run, exchange) => {
    assert.deepEqual(await exchange(bare, odd, empty, CLOSE), CLOSED);
    assert.deepEqual(plainEvents(run.batches), [
      { headers: { timestamp: "0", nanos: "0", FlumeOG: "yes" }, body: [97] },
      { headers: { host: "h1", timestamp: "0", pri: "9", nanos: "0", FlumeOG: "yes" }, body: [] },
    ]);
  });
});

Deno.test("thrift_legacy says to a method that is not known what Flume says, and goes on", async () => {
  await withLegacy({}, async (_run, exchange) => {
    const answers = await exchange(spell("80010001 00000004 'ping' 00000002 00"), CLOSE);
    const fault =
      "8001000300000004 'ping' 000000020b00010000001b496e76616c6964206d6574686f64206e616d653a202770696e67270800020000000100";
    assert.equal(answers.toHex(), spell(fault).toHex() + CLOSED.toHex());
  });
});

Deno.test("thrift_legacy reads no further while a channel holds its events back", async () => {
  await withLegacy({}, async (run, exchange) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    run.answer = () => promise;
    let isAnswered = false;
    const answers = exchange(wire("thrift-legacy", "c2s")).finally(() => isAnswered = true);
    await until("the events", () => run.size > 0);
    assert.equal(isAnswered, false);
    resolve();
    assert.deepEqual(await answers, wire("thrift-legacy", "s2c"));
  });
});

const STRANGERS: readonly (readonly [what: string, sent: Uint8Array, said: RegExp])[] = [
  ["an HTTP request", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"), /the first number is 1195725856/],
  ["a TLS hello", spell("16030102000100"), /the first number is 369295618/],
  ["a client with frames", frame("80010001 00000006 'append' 00000001 00 0000"), /is no name of a method/],
  [
    "a body without end",
    spell(`${HEAD} 0c0001 0b0003 7fffffff ${"61".repeat(2000)}`),
    /more than 1024 bytes/,
  ],
  ["fields without end", spell(`${HEAD} 0c0001 0d0006 0b0b 00000401`), /1025 fields; 1024 are allowed/],
  ["a field of an unknown type", spell(`${HEAD} 0c0001 630009 00`), /Invalid type: 99/],
  ["half a call", spell(HEAD), /ended in the middle of a call/],
];

for (const [what, sent, said] of STRANGERS) {
  Deno.test(`thrift_legacy closes a connection with one line in the log, when ${what} comes`, async () => {
    await withLegacy({ maxEventBytes: 1024 }, async (run, exchange) => {
      assert.equal((await exchange(sent)).length, 0);
      await until("the connection to be closed", () => run.context.counters.get("OpenConnectionCount") === 0);
      const lines = run.context.lines.filter(({ level }) => level === "warn");
      assert.equal(lines.length, 1);
      assert.match(`${lines[0]!.text} ${JSON.stringify(lines[0]!.properties)}`, said);
      assert.equal(run.context.counters.get("EventReadFail"), 1);
    });
  });
}

Deno.test("thrift_legacy reads damaged calls to an event, waits for more, or says in a RangeError why not", () => {
  const sample = wire("thrift-legacy", "c2s");
  const change = fc.record({ at: fc.nat(330), cut: fc.nat(4), put: fc.uint8Array({ maxLength: 6 }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = Array.from(sample);
      for (const { at, cut, put } of changes) bytes.splice(at % bytes.length, cut, ...put);
      try {
        const call = decodeLegacyCall(Uint8Array.from(bytes));
        if (call) assert.ok(call.byteLength > 8 && call.byteLength <= bytes.length);
      } catch (cause) {
        assert.ok(cause instanceof RangeError, String(cause));
      }
    }),
    { numRuns: FUZZ_RUNS, ...SEED === undefined ? {} : { seed: Number(SEED) } },
  );
});
