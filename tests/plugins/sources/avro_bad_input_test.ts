import assert from "node:assert/strict";
import { constants, deflateSync } from "node:zlib";
import { frameEnds, recorded } from "../../support/avro_wire.ts";
import { until } from "../../support/until.ts";
import { JKS_STORE, STORE_PASSWORD } from "../../protocols/key_stores.ts";
import { readBytes, readToEnd, type RunningAvro, send, warnings, withAvroSource } from "./_avro/running.ts";

const TEXT = new TextEncoder();
const PLAIN = recorded("avro-plain", "c2s");

function hex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(digits.replaceAll(" ", "")) as Uint8Array<ArrayBuffer>;
}

/** Replaces some bytes of the recorded session. */
function changed(at: number, digits: string): Uint8Array<ArrayBuffer> {
  const bytes = PLAIN.slice();
  bytes.set(hex(digits), at);
  return bytes;
}

/** What a client sends, and what the log says. */
interface BadInput {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly says: RegExp;
  readonly settings?: Record<string, unknown>;
}

/** The first bytes of a TLS handshake, cut before its random numbers. */
const CLIENT_HELLO = hex("16 0301 0200 01 0001fc 0303");
const PARAMETERS = 8 + 4 + 43 + 4;

const BAD_INPUTS: readonly BadInput[] = [
  {
    what: "an HTTP request",
    bytes: TEXT.encode("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"),
    says: /an HTTP request/,
  },
  { what: "a TLS handshake", bytes: CLIENT_HELLO, says: /a TLS client, and ssl is off/ },
  { what: "a compact Thrift call", bytes: hex("00000050 8221 01 06 617070656e64"), says: /a Thrift client/ },
  { what: "a binary Thrift call", bytes: hex("00000050 80010001 00000006"), says: /a Thrift client/ },
  {
    what: "a deflated call",
    bytes: recorded("avro-deflate", "c2s"),
    says: /client with compression-type = deflate/,
  },
  { what: "lines of text", bytes: TEXT.encode("hello there\n"), says: /seems to be plain text/ },
  { what: "random bytes", bytes: hex("9f3c 22e1 8d04 77b0 5566"), says: /A frame of -\d+ buffers/ },
  {
    what: "a buffer of 2 GB",
    bytes: hex("00000001 00000001 7fffffff 00"),
    says: /A frame of 2147483647 bytes or more; 67108864 are the limit/,
  },
  {
    what: "a buffer of negative length",
    bytes: hex("00000001 00000001 ffffffff 00"),
    says: /A buffer of -1 bytes/,
  },
  { what: "2 billion buffers", bytes: hex("00000001 7fffffff"), says: /A frame of 2147483647 buffers/ },
  {
    what: "buffers that are too long together",
    bytes: hex("00000001 00000003 00000004 01020304 00000004 01020304 00000004"),
    settings: { maxFrameBytes: 10 },
    says: /A frame of 12 bytes or more; 10 are the limit/,
  },
  { what: "an empty frame", bytes: hex("00000001 00000000"), says: /16 bytes wanted where 0 are left/ },
  {
    what: "a header length that lies",
    bytes: changed(PARAMETERS + 1, "fe ff ff ff 0f"),
    says: /bytes announced/,
  },
  { what: "a header count that lies", bytes: changed(PARAMETERS, "fe ff 0f"), says: /entries announced/ },
  {
    what: "a number without end",
    bytes: changed(PARAMETERS, "ff".repeat(12)),
    says: /a number is too large/,
  },
  {
    what: "an unknown protocol",
    bytes: hex("00000001 00000001 00000028" + "00".repeat(16) + "02 0a 7b2261227d" + "00".repeat(17)),
    says: /The client speaks another protocol: its protocol text cannot be read/,
  },
];

/** Sends bytes, waits until the source has closed the connection, and gives what it said. */
async function sendBad({ run, connect }: RunningAvro, bytes: Uint8Array): Promise<string[]> {
  const conn = await connect();
  await send(conn, bytes).catch(() => {});
  await until("the end of the connection", () => run.context.counters.get("EventReadFail") > 0);
  await readToEnd(conn);
  return warnings(run);
}

/** A good client is served whatever another one did. */
async function serveGood({ connect }: RunningAvro): Promise<void> {
  using conn = await connect();
  const [first] = frameEnds(PLAIN);
  await send(conn, PLAIN.subarray(0, first));
  assert.equal((await readBytes(conn, 27)).length, 27);
}

for (const { what, bytes, says, settings = {} } of BAD_INPUTS) {
  Deno.test(`avro closes only the connection that brings ${what}, and says what it was`, async () => {
    await withAvroSource(settings, async (running) => {
      const said = await sendBad(running, bytes);
      assert.equal(said.length, 1, said.join("\n"));
      assert.match(said[0]!, /^Closed a connection: 127\.0\.0\.1:\d+ /);
      assert.match(said[0]!, says);
      assert.equal(running.run.size, 0);
      if (!settings.maxFrameBytes) await serveGood(running);
    });
  });
}

Deno.test("avro says that a client ended in the middle of a call, and takes the calls before it", async () => {
  await withAvroSource({}, async ({ run, connect }) => {
    const conn = await connect();
    await send(conn, PLAIN.subarray(0, 200));
    await conn.closeWrite();
    assert.equal((await readToEnd(conn)).length, 27);
    await until("the warning", () => warnings(run).length > 0);
    assert.match(warnings(run)[0]!, /ended in the middle of a call$/);
    assert.deepEqual(run.bodies(), ["hello flume"]);
  });
});

Deno.test("avro answers what came before bad input", async () => {
  await withAvroSource({}, async ({ connect }) => {
    const conn = await connect();
    const [first = 0] = frameEnds(PLAIN);
    await send(conn, new Uint8Array([...PLAIN.subarray(0, first), ...new Uint8Array(8).fill(255)]));
    assert.deepEqual((await readToEnd(conn)).length, 27);
  });
});

Deno.test("avro with TLS says that a client without it did not get through the handshake", async () => {
  const keystore = await Deno.makeTempFile();
  try {
    await Deno.writeFile(keystore, JKS_STORE);
    await withAvroSource({ ssl: true, keystore, "keystore-password": STORE_PASSWORD }, async (running) => {
      const [said] = await sendBad(running, PLAIN);
      assert.match(said!, /did not get through the TLS handshake/);
    });
  } finally {
    await Deno.remove(keystore);
  }
});

Deno.test("avro with compression says that a client came without", async () => {
  await withAvroSource({ "compression-type": "deflate" }, async (running) => {
    const [said] = await sendBad(running, PLAIN);
    assert.match(said!, /a client without compression-type = deflate/);
  });
  await withAvroSource({ "compression-type": "deflate" }, async (running) => {
    const [said] = await sendBad(running, hex("78 9c ff ff ff ff ff ff"));
    assert.match(said!, /Not a deflated stream/);
  });
});

Deno.test("avro does not swallow a compressed bomb", async () => {
  const bomb = new Uint8Array(256 * 1024 * 1024);
  bomb.set(hex("00000001 00000001 0fffffff"));
  const deflated = deflateSync(bomb, { finishFlush: constants.Z_SYNC_FLUSH });
  await withAvroSource({ "compression-type": "deflate", maxFrameBytes: "1MiB" }, async (running) => {
    const before = Deno.memoryUsage().rss;
    const [said] = await sendBad(running, deflated);
    assert.match(said!, /A frame of 268435455 bytes or more; 1048576 are the limit/);
    assert.ok(Deno.memoryUsage().rss - before < 64 * 1024 * 1024, "The bomb was inflated");
  });
});

Deno.test("avro makes no room for what is announced and does not come", async () => {
  await withAvroSource({ maxFrameBytes: "1GiB" }, async ({ run, connect }) => {
    const conns = await Promise.all(Array.from({ length: 50 }, () => connect()));
    const before = Deno.memoryUsage().external;
    for (const conn of conns) await send(conn, hex("00000001 00000001 3fffffff 00 01 02 03"));
    await until("all connections", () => run.context.counters.get("OpenConnectionCount") === 50);
    await until("their bytes", () => Deno.memoryUsage().external > before);
    assert.ok(Deno.memoryUsage().external - before < 50 * 512 * 1024);
    for (const conn of conns) conn.close();
  });
});
