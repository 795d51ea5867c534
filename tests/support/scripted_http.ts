/** A server that was started for a test. */
export interface ScriptedServer {
  /** host:port. */
  readonly address: string;
  /** The heads of the requests that came. */
  readonly heads: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A server on loopback that reads the head of a request, and then does what `play` does, and closes, also when that throws.
 * With a certificate it speaks TLS.
 */
export function startScripted(
  play: (conn: Deno.Conn, head: string) => Promise<void>,
  identity?: { readonly cert: string; readonly key: string },
): ScriptedServer {
  const place = { hostname: "127.0.0.1", port: 0 };
  const listener: Deno.Listener<Deno.Conn> = identity
    ? Deno.listenTls({ ...place, ...identity })
    : Deno.listen(place);
  const heads: string[] = [];
  const open = new Set<Deno.Conn>();
  const answer = async (conn: Deno.Conn) => {
    open.add(conn);
    const head = await readHead(conn);
    heads.push(head);
    await play(conn, head);
    close(conn);
  };
  const accepting = (async () => {
    for await (const conn of listener) answer(conn).catch(() => close(conn));
  })();
  const close = (conn: Deno.Conn) => {
    if (open.delete(conn)) conn.close();
  };
  return {
    address: `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    heads,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of open) close(conn);
      await accepting;
    },
  };
}

/** Sends text. */
export async function say(conn: Deno.Conn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let offset = 0; offset < bytes.length;) offset += await conn.write(bytes.subarray(offset));
}

/** An answer of WebHDFS with its length. */
export function answerOf(status: string, body: string, headers = ""): string {
  const length = new TextEncoder().encode(body).length;
  return `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${length}\r\n\r\n${body}`;
}

/** Reads, and forgets, what comes until the other side has ended. */
export async function drain(conn: Deno.Conn): Promise<number> {
  const into = new Uint8Array(64 * 1024);
  for (let bytes = 0;;) {
    const count = await conn.read(into);
    if (count === null) return bytes;
    bytes += count;
  }
}

async function readHead(conn: Deno.Conn): Promise<string> {
  let head = "";
  const into = new Uint8Array(1);
  while (!head.endsWith("\r\n\r\n")) {
    if (await conn.read(into) === null) throw new Error("No whole head");
    head += String.fromCharCode(into[0]!);
  }
  return head;
}
