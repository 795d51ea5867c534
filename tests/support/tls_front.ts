/** What stands in front of servers of HDFS, as Knox does: speaks TLS, and sends clients only to itself. */
export interface TlsFront {
  readonly endpoint: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a front of the server at `target`, host:port. */
export function startTlsFront(target: string, identity: { cert: string; key: string }): TlsFront {
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...identity });
  const endpoint = `https://127.0.0.1:${listener.addr.port}`;
  const open = new Set<Deno.Conn>();
  const close = (conn: Deno.Conn) => {
    // A stream that has ended has closed its connection.
    if (open.delete(conn)) closeQuietly(conn);
  };
  const join = async (client: Deno.Conn) => {
    open.add(client);
    const head = await readSome(client);
    const [hostname, port] = (/[?&]behind=([\d.:]+)/.exec(head.text)?.[1] ?? target).split(":");
    const server = await Deno.connect({ hostname: hostname!, port: Number(port) });
    open.add(server);
    const down = (async () => {
      const answer = await readSome(server);
      const text = answer.text.replace(
        /^Location: http:\/\/([\d.:]+)(\S+)/mi,
        `Location: ${endpoint}$2&behind=$1`,
      );
      await writeAll(client, text === answer.text ? answer.bytes : encode(text));
      for await (const bytes of server.readable) await writeAll(client, bytes);
    })().catch(() => {}).finally(() => close(client));
    await writeAll(server, head.bytes);
    for await (const bytes of client.readable) await writeAll(server, bytes);
    await down;
  };
  const accepting = (async () => {
    for await (const client of listener) join(client).catch(() => {});
  })();
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of open) close(conn);
      await accepting.catch(() => {});
    },
  };
}

const encode = (text: string) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));

async function readSome(conn: Deno.Conn): Promise<{ bytes: Uint8Array; text: string }> {
  const into = new Uint8Array(64 * 1024);
  const bytes = into.subarray(0, await conn.read(into) ?? 0);
  return { bytes, text: new TextDecoder("latin1").decode(bytes) };
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) offset += await conn.write(bytes.subarray(offset));
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.BadResource)) throw cause;
  }
}
