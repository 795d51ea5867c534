import assert from "node:assert/strict";
import { BrokerConnection, parseAddress } from "../../../protocols/kafka/connection.ts";
import { readVersions } from "../../../protocols/kafka/api.ts";
import { KafkaError } from "../../../protocols/kafka/kafka_error.ts";
import { targetOf } from "./produce/_sending.ts";

const NEVER = new AbortController().signal;
/** Where an answer comes, it comes before that. */
const PATIENCE_MS = 20_000;
const SILENCE_MS = 200;

/** A peer that answers the first bytes of each client with given bytes; nothing: it stays silent. */
async function withPeer(answer: Uint8Array | "close" | undefined, body: (address: string) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const conn of listener) {
      conns.push(conn);
      await conn.read(new Uint8Array(1024));
      if (answer === "close") conn.close();
      else if (answer) await conn.write(answer);
    }
  })().catch(() => {});
  try {
    await body(`127.0.0.1:${listener.addr.port}`);
  } finally {
    listener.close();
    for (const conn of conns) {
      try {
        conn.close();
      } catch {
        // The peer has closed it.
      }
    }
    await serving;
  }
}

async function assertRefused(
  answer: Uint8Array | "close" | undefined,
  expected: { code: string; text: RegExp },
) {
  await withPeer(answer, async (address) => {
    const requestTimeoutMs = answer === undefined ? SILENCE_MS : PATIENCE_MS;
    const target = { ...targetOf(address), requestTimeoutMs, maxFrameBytes: 1_000_000 };
    const connection = await BrokerConnection.open(address, target, NEVER);
    await assert.rejects(readVersions(connection), (error) => {
      assert.ok(error instanceof KafkaError);
      assert.match(error.message, expected.text);
      assert.match(error.message, new RegExp(address));
      assert.equal(error.code, expected.code);
      return true;
    });
    assert.equal(connection.isOpen, false);
  });
}

const bytes = (...values: number[]) => new Uint8Array(values);
const CORRELATION = [0, 0, 0, 1];

Deno.test("kafka connection ends when the peer announces more than is allowed, without waiting for it", () =>
  assertRefused(bytes(0x7f, 0xff, 0xff, 0xff), {
    code: "FRAME",
    text: /2147483647 bytes, and 1000000 are allowed/,
  }));

Deno.test("kafka connection ends when the peer announces a negative length", () =>
  assertRefused(bytes(0xff, 0xff, 0xff, 0xff), { code: "FRAME", text: /-1 bytes/ }));

Deno.test("kafka connection says so when it has reached TLS or an HTTP server", async () => {
  await assertRefused(bytes(0x15, 3, 3, 0, 2, 2, 10), {
    code: "FRAME",
    text: /set security.protocol to SSL/,
  });
  const http = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n");
  await assertRefused(http, { code: "FRAME", text: /looks like an HTTP server/ });
});

Deno.test("kafka connection ends when an answer belongs to no request", () =>
  assertRefused(bytes(0, 0, 0, 6, 0, 0, 0, 9, 0, 0), {
    code: "FRAME",
    text: /answers to request 9, and 1 was awaited/,
  }));

Deno.test("kafka connection ends when no answer comes in time", () =>
  assertRefused(undefined, { code: "TIMEOUT", text: /has not answered within 200 ms/ }));

Deno.test("kafka connection says what may be wrong when the peer closes at once", () =>
  assertRefused("close", { code: "CONNECTION", text: /does it want TLS, SASL or a client certificate/ }));

Deno.test("kafka connection refuses an answer that is cut off in itself", async () => {
  await withPeer(bytes(0, 0, 0, 7, ...CORRELATION, 0, 0, 60), async (address) => {
    const connection = await BrokerConnection.open(address, targetOf(address), NEVER);
    await assert.rejects(readVersions(connection), KafkaError);
    connection.close();
  });
});

Deno.test("kafka connection names the broker that nobody listens for", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  const opening = BrokerConnection.open(address, targetOf(address), NEVER);
  await assert.rejects(opening, new RegExp(`Cannot connect to the broker ${address}`));
});

Deno.test("kafka broker addresses may hold IPv6 addresses, and want a port", () => {
  assert.deepEqual(parseAddress("[::1]:9092"), { hostname: "::1", port: 9092 });
  assert.deepEqual(parseAddress("kafka.example.org:9092"), { hostname: "kafka.example.org", port: 9092 });
  for (const wrong of ["kafka", "kafka:", ":9092", "::1:9092", "kafka:70000", ""]) {
    assert.throws(() => parseAddress(wrong), /is no broker address: write host:port/);
  }
});
