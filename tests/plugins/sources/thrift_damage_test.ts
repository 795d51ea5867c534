import assert from "node:assert/strict";
import fc from "fast-check";
import { frame, framesOf, headOf, spell, wire } from "../../support/thrift_wire.ts";
import { until } from "../../support/until.ts";
import { readBytes, readToEnd, send, withThrift } from "./_thrift/client.ts";

const APPEND = frame(`${headOf("append")} 1c 1b00 1801 'a' 00 00`);
const APPEND_OK = spell("0000000e 8241 01 06 'append' 0500 00 00");
const SEED = Deno.env.get("PROPERTY_SEED");
/** Damaged sessions that are tried over a socket; more in a long run. */
const FUZZ_RUNS = Math.ceil(Number(Deno.env.get("FUZZ_RUNS") ?? 1500) / 10);

/** Calls that are Thrift, but not as they should be, and the answers of a Flume 1.11, which goes on after each. */
const ODD_CALLS: readonly (readonly [what: string, call: string, answer: string])[] = [
  [
    "a method that is not known",
    `${headOf("ping")} 1504 00`,
    "00000028 8261010470696e67181b496e76616c6964206d6574686f64206e616d653a202770696e6727 150200",
  ],
  [
    "a call without its argument",
    `${headOf("append")} 00`,
    "0000002f 8261 01 06 'append' 18 20 'Internal error processing append' 150c 00",
  ],
  [
    "a batch that is a set",
    `${headOf("appendBatch")} 1a1c 1b00 1801 'a' 00 00`,
    "00000039 8261 01 0b 'appendBatch' 18 25 'Internal error processing appendBatch' 150c 00",
  ],
  ["a batch of nothing", `${headOf("appendBatch")} 190c 00`, "00000013 8241 01 0b 'appendBatch' 0500 00 00"],
  [
    "bytes behind a call",
    `${headOf("append")} 1c 1b00 1801 'a' 00 00 ffffff`,
    "0000000e 8241 01 06 'append' 0500 00 00",
  ],
  ["a oneway call", `8281 01 06 'append' 1c 1b00 1801 'a' 00 00`, "0000000e 8241 01 06 'append' 0500 00 00"],
  [
    "fields in long form",
    `${headOf("append")} 0c02 0b02 00 0804 01 'a' 00 00`,
    "0000000e 8241 01 06 'append' 0500 00 00",
  ],
  [
    "the largest sequence",
    `8221 ffffffff0f 06 'append' 1c 1b00 1801 'a' 00 00`,
    "00000012 8241 ffffffff0f 06 'append' 0500 00 00",
  ],
];
const ODD_BINARY_CALLS: typeof ODD_CALLS = [
  [
    "a method that is not known",
    `${headOf("ping", "binary")} 00`,
    "0000003a8001000300000004 'ping' 000000010b00010000001b496e76616c6964206d6574686f64206e616d653a202770696e67270800020000000100",
  ],
  [
    "a head without a version",
    "00000006 'append' 01 00000001 0c0001 0d00010b0b00000000 0b000200000001 'a' 00 00",
    "0000001a 80010002 00000006 'append' 00000001 080000 00000000 00",
  ],
  [
    "an empty map without types",
    `${headOf("append", "binary")} 0c0001 0d0001000000000000 0b000200000001 'a' 00 00`,
    "0000001a 80010002 00000006 'append' 00000001 080000 00000000 00",
  ],
];

for (const [protocol, calls] of [["compact", ODD_CALLS], ["binary", ODD_BINARY_CALLS]] as const) {
  for (const [what, call, answer] of calls) {
    Deno.test(`thrift source says to ${what} (${protocol}) what Flume says, and goes on`, async () => {
      await withThrift({ protocol }, async ({ run, connect }) => {
        const conn = await connect();
        const expected = spell(answer);
        for (let time = 0; time < 2; time++) {
          await send(conn, frame(call));
          assert.equal((await readBytes(conn, expected.length)).toHex(), expected.toHex());
        }
        conn.close();
        assert.deepEqual(run.context.lines.filter(({ level }) => level === "warn"), []);
      });
    });
  }
}

Deno.test("thrift source says which field an event lacks, and goes on", async () => {
  await withThrift({}, async ({ exchange, run }) => {
    const noBody = frame(`${headOf("append")} 1c 1b00 00 00`);
    const noHeaders = frame(`${headOf("appendBatch")} 192c 2804 'long' 00 2804 'body' 00 00`);
    const answers = new TextDecoder().decode(await exchange(noBody, noHeaders, APPEND));
    assert.match(
      answers,
      /Required field 'body' was not present![^]*Required field 'headers' was not present![^]*append/,
    );
    assert.deepEqual(run.bodies(), ["a"]);
  });
});

/** What is sent to the port by mistake or malice, and what the log says of it. */
const STRANGERS: readonly (readonly [what: string, sent: Uint8Array, said: RegExp, settings?: object])[] = [
  ["an HTTP request", text("GET / HTTP/1.1\r\nHost: collector\r\n\r\n"), /seems to be an HTTP request/],
  ["a TLS hello", spell("16030102000100"), /seems to be a TLS client, and ssl is off/],
  ["an Avro client", spell("00000001 00000004 00000010 86aadae2"), /seems to be an Avro client/],
  ["a compressed Avro client", spell("789c62606060606060"), /seems to be an Avro client with compression/],
  ["a binary client on compact", wire("thrift-binary", "c2s"), /protocol = binary, which is compact here/],
  [
    "a compact client on binary",
    wire("thrift-compact", "c2s"),
    /protocol = compact, which is binary here/,
    { protocol: "binary" },
  ],
  ["a client without frames", wire("thrift-legacy", "c2s"), /without frames: it must use a framed transport/],
  ["a line of text", text("<13>Oct 11 22:14:15 web-1 su: failed\n"), /seems to be plain text/],
  ["a frame of 2 GB", spell("7fffffff 8221"), /sent no call.*A frame of 2147483647 bytes; 1 to 16384000/],
  ["a frame of no bytes", spell("00000000 8221"), /sent no call.*A frame of 0 bytes/],
  ["a frame of negative length", spell("ffffffff 8221"), /A frame of -1 bytes/],
  ["another version", frame("8222 01 06 'append' 00"), /version 2 at offset 2/],
  [
    "a lying length",
    frame(`${headOf("append")} 1c 1b00 1809 'a' 00 00`),
    /9 bytes announced, 3 left at offset 15 of 18/,
  ],
  [
    "headers of numbers",
    frame(`${headOf("append")} 1c 1b01 55 0202 1801 'a' 00 00`),
    /headers that are no text/,
  ],
  [
    "half a call",
    wire("thrift-compact", "c2s").subarray(0, 60),
    /ended in the middle of a call \{"bytes":60\}/,
  ],
];

function text(characters: string): Uint8Array {
  return new TextEncoder().encode(characters);
}

for (const [what, sent, said, settings] of STRANGERS) {
  Deno.test(`thrift source closes a connection with one line in the log, when ${what} comes`, async () => {
    await withThrift({ ...settings }, async ({ run, exchange }) => {
      assert.deepEqual(await exchange(sent), new Uint8Array(0));
      await until("the connection to be closed", () => run.context.counters.get("OpenConnectionCount") === 0);
      const lines = run.context.lines.filter(({ level }) => level === "warn");
      assert.equal(lines.length, 1);
      assert.match(lines[0]!.text, /^Closed a connection: 127\.0\.0\.1:\d+ /);
      assert.match(`${lines[0]!.text} ${JSON.stringify(lines[0]!.properties)}`, said);
      assert.equal(run.context.counters.get("EventReadFail"), 1);
    });
  });
}

Deno.test("thrift source answers the calls before a damaged one, and serves others meanwhile", async () => {
  await withThrift({}, async ({ connect, exchange }) => {
    const other = await connect();
    const answers = await exchange(APPEND, APPEND, spell("00000002 8222"));
    assert.deepEqual(answers, Uint8Array.from([...APPEND_OK, ...APPEND_OK]));
    await send(other, APPEND);
    assert.deepEqual(await readBytes(other, APPEND_OK.length), APPEND_OK);
    other.close();
  });
});

Deno.test("thrift source takes a frame of exactly maxFrameBytes, and no longer one", async () => {
  await withThrift({ maxFrameBytes: APPEND.length - 4 }, async ({ exchange, run }) => {
    assert.deepEqual(await exchange(APPEND), APPEND_OK);
    assert.equal((await exchange(frame(`${headOf("append")} 1c 1b00 1802 'ab' 00 00`))).length, 0);
    assert.equal(run.context.counters.get("EventReadFail"), 1);
  });
});

Deno.test("thrift source survives any damage to what Flume sends", async () => {
  const samples = ["thrift-compact", "thrift-refused", "sink-thrift"].map((name) => wire(name, "c2s"));
  const change = fc.record({ at: fc.nat(600), cut: fc.nat(8), put: fc.uint8Array({ maxLength: 8 }) });
  await withThrift({}, async ({ run, exchange, connect }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (sample, changes) => {
          const bytes = Array.from(sample);
          for (const { at, cut, put } of changes) bytes.splice(at % bytes.length, cut, ...put);
          const answers = await exchange(Uint8Array.from(bytes)) as Uint8Array<ArrayBuffer>;
          for (const answer of framesOf(answers)) assert.ok(answer.length > 4 && answer[4] === 0x82);
        },
      ),
      { numRuns: FUZZ_RUNS, ...SEED === undefined ? {} : { seed: Number(SEED) } },
    );
    const conn = await connect();
    const answers = readToEnd(conn);
    await send(conn, APPEND);
    await conn.closeWrite();
    assert.deepEqual(await answers, APPEND_OK);
    await until("all connections to be closed", () => run.context.counters.get("OpenConnectionCount") === 0);
    const odd = run.context.lines.filter(({ level, text }) =>
      level === "warn" && !text.startsWith("Closed a connection: ")
    );
    assert.deepEqual(odd, []);
  });
});
