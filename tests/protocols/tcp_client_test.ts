import assert from "node:assert/strict";
import { connectTcp, type TcpClient, type TcpTarget } from "../../protocols/tcp_client.ts";
import { readTrustStore } from "../../protocols/tls.ts";
import { SIGNED_IDENTITY } from "../plugins/sinks/_rpc/trust_stores.ts";
import { until } from "../support/until.ts";
import { JKS_TRUST_STORE, STORE_PASSWORD } from "./key_stores.ts";

const NEVER = new AbortController().signal;

/** A server that sends back what it gets, until the test is done. */
async function withEcho(
  listener: Deno.Listener,
  use: (connect: (change?: Partial<TcpTarget>) => Promise<TcpClient>) => Promise<void>,
): Promise<void> {
  const conns = new Set<Deno.Conn>();
  const echo = async (conn: Deno.Conn) => {
    const buffer = new Uint8Array(65_536);
    for (let bytes = await conn.read(buffer); bytes !== null; bytes = await conn.read(buffer)) {
      for (let rest = buffer.subarray(0, bytes); rest.length > 0;) {
        rest = rest.subarray(await conn.write(rest));
      }
    }
    conn.close();
  };
  const serve = async () => {
    for await (const conn of listener) {
      conns.add(conn);
      void echo(conn).catch(() => {}).finally(() => conns.delete(conn));
    }
  };
  const served = serve().catch(() => {});
  const { port } = listener.addr as Deno.NetAddr;
  try {
    await use((change) =>
      connectTcp({ hostname: "127.0.0.1", port, timeoutMs: 5000, signal: NEVER, ...change })
    );
  } finally {
    listener.close();
    for (const conn of conns) conn.close();
    await served;
  }
}

function listen(): Deno.Listener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

async function readBytes(client: TcpClient, bytes: number): Promise<Uint8Array> {
  const parts: number[] = [];
  while (parts.length < bytes) parts.push(...(await client.read())!);
  return Uint8Array.from(parts);
}

Deno.test("a TCP client gets what it sends back from an echo", async () => {
  await withEcho(listen(), async (connect) => {
    const client = await connect();
    const sent = crypto.getRandomValues(new Uint8Array(50_000));
    client.write(sent);
    assert.deepEqual(await readBytes(client, sent.length), sent);
    client.close();
  });
});

Deno.test("a TCP client tells of the end, after what was sent before it", async () => {
  const listener = listen();
  await withEcho(listener, async (connect) => {
    const client = await connect();
    client.write(Uint8Array.of(7));
    assert.deepEqual(await readBytes(client, 1), Uint8Array.of(7));
    client.close();
    client.close();
    assert.equal(await client.read(), undefined);
    assert.equal(client.isEnded, true);
  });
});

Deno.test("a TCP client says that nobody listens", async () => {
  const listener = listen();
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await assert.rejects(
    connectTcp({ hostname: "127.0.0.1", port, timeoutMs: 5000, signal: NEVER }),
    /ECONNREFUSED/,
  );
});

Deno.test("a TCP client gives up when its time is over or its signal aborts", async () => {
  // It accepts nobody: the handshake of TLS never ends.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const target = {
    hostname: "127.0.0.1",
    port: listener.addr.port,
    tls: { trustsAll: true, checksName: false },
    signal: NEVER,
  };
  await assert.rejects(connectTcp({ ...target, timeoutMs: 20 }), /No connection within 20 ms/);
  const stop = new AbortController();
  const connected = connectTcp({ ...target, timeoutMs: 5000, signal: stop.signal });
  stop.abort(new Error("The pipeline stops"));
  await assert.rejects(connected, /The pipeline stops/);
  await assert.rejects(connectTcp({ ...target, timeoutMs: 5000, signal: stop.signal }), /The pipeline stops/);
});

Deno.test("a TCP client trusts a certificate that is named itself, not only by its authority, as Java does", async () => {
  const others = await readTrustStore({
    path: "trust.jks",
    bytes: JKS_TRUST_STORE,
    password: STORE_PASSWORD,
  });
  const tls = { trustsAll: false, checksName: true };
  await withEcho(Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...SIGNED_IDENTITY }), async (connect) => {
    const client = await connect({ tls: { ...tls, authorities: [...others, SIGNED_IDENTITY.cert] } });
    client.write(Uint8Array.of(7));
    assert.deepEqual(await readBytes(client, 1), Uint8Array.of(7));
    client.close();
    await assert.rejects(connect({ tls: { ...tls, authorities: others } }), /No TLS connection to/);
  });
});

Deno.test("a TCP client reads no further than it is asked to", async () => {
  const listener = listen();
  const { port } = listener.addr as Deno.NetAddr;
  const [conn, client] = await Promise.all([
    listener.accept(),
    connectTcp({ hostname: "127.0.0.1", port, timeoutMs: 5000, signal: NEVER }),
  ]);
  let sent = 0;
  const block = new Uint8Array(256 * 1024);
  const sending = (async () => {
    while (sent < 256 * 1024 * 1024) sent += await conn.write(block);
  })().catch(() => {});
  let before = -1;
  await until("the sender to be held", async () => {
    const isHeld = before === sent && sent > 0;
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return isHeld;
  });
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`);
  client.close();
  conn.close();
  listener.close();
  await sending;
});
