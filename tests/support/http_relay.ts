/**
 * What becomes of a request: its answer is lost, it is lost itself before the server sees it, nobody ever answers, or it is
 * answered with a text in place of the server.
 */
export type Meddling = "lose answer" | "lose" | "ignore" | { readonly answer: string };

interface Rule {
  readonly pattern: RegExp;
  readonly meddling: Meddling;
  times: number;
}

/** A way to an HTTP server on which some requests fare badly. */
export class HttpRelay {
  /** The first lines of the requests. */
  readonly lines: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: { readonly hostname: string; readonly port: number };
  readonly #rules: Rule[] = [];
  readonly #open = new Set<Deno.Conn>();

  constructor(endpoint: string) {
    const { hostname, port } = new URL(endpoint);
    this.#target = { hostname, port: Number(port) };
    void this.#accept();
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  /** The next requests whose first line is like this. */
  meddle(pattern: RegExp, meddling: Meddling, times = 1): void {
    this.#rules.push({ pattern, meddling, times });
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.#open) this.#close(conn);
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      this.#join(conn).catch(() => {}).finally(() => this.#close(conn));
    }
  }

  async #join(conn: Deno.Conn): Promise<void> {
    this.#open.add(conn);
    const target = await Deno.connect(this.#target);
    this.#open.add(target);
    let isLosing = false;
    const down = (async () => {
      for await (const bytes of pieces(target)) {
        if (isLosing) break;
        await writeAll(conn, bytes);
      }
      this.#close(conn);
    })().catch(() => {});
    try {
      for await (const bytes of pieces(conn)) {
        const meddling = this.#meddlingFor(bytes);
        if (meddling === "lose") break;
        if (meddling === "ignore") continue;
        if (typeof meddling === "object") {
          await writeAll(conn, new TextEncoder().encode(meddling.answer));
          break;
        }
        isLosing ||= meddling === "lose answer";
        await writeAll(target, bytes);
      }
    } finally {
      this.#close(target);
      await down;
    }
  }

  /** Clients of tests send one request at a time on a connection, and its head in one piece. */
  #meddlingFor(bytes: Uint8Array): Meddling | undefined {
    const line = /^([A-Z]+ \/\S*) HTTP\/1\.1\r\n/.exec(
      new TextDecoder("latin1").decode(bytes.subarray(0, 4096)),
    )?.[1];
    if (line === undefined) return undefined;
    this.lines.push(line);
    const rule = this.#rules.find(({ pattern, times }) => times > 0 && pattern.test(line));
    if (rule) rule.times--;
    return rule?.meddling;
  }

  #close(conn: Deno.Conn): void {
    if (!this.#open.delete(conn)) return;
    conn.close();
  }
}

async function* pieces(conn: Deno.Conn): AsyncGenerator<Uint8Array> {
  const into = new Uint8Array(64 * 1024);
  while (true) {
    const count = await conn.read(into);
    if (count === null) return;
    yield into.subarray(0, count);
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) offset += await conn.write(bytes.subarray(offset));
}
