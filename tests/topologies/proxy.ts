const CHUNK_BYTES = 16 * 1024;

/** What a proxy does to the line next. */
type Cut = "none" | "lose the answer" | { readonly requestBytes: number };

/** Passes bytes between clients and a server on loopback, cuts their connections at the worst of moments, and holds them. */
export class Proxy {
  /** Connections that it has cut. */
  cuts = 0;
  /** The server's port; may be told once the proxy's own is known. */
  target: number;
  readonly #listener: Deno.TcpListener;
  readonly #pairs = new Set<readonly [Deno.Conn, Deno.Conn]>();
  #next: Cut = "none";
  #isShut = false;
  #held: PromiseWithResolvers<void> | undefined;
  #ended: Promise<unknown>;

  constructor(target = 0) {
    this.target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#ended = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Cuts when the server answers: it has what was sent, and the sender does not know. */
  loseNextAnswer(): void {
    this.#next = "lose the answer";
  }

  /** Cuts when the client has sent so many bytes more. */
  cutRequestAfter(requestBytes: number): void {
    this.#next = { requestBytes };
  }

  /** Cuts all connections. */
  cutAll(): void {
    this.cuts += this.#pairs.size;
    for (const pair of this.#pairs) this.#forget(pair);
  }

  /** Cuts all connections, and every new one until `restore`. */
  shut(): void {
    this.#isShut = true;
    this.cutAll();
  }

  /** Lets no byte through, either way: connections stay, and new ones get no answer. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  /** Ends `shut` and `hold`; what was held goes on its way. */
  restore(): void {
    this.#isShut = false;
    this.#held?.resolve();
    this.#held = undefined;
  }

  async close(): Promise<void> {
    this.#listener.close();
    this.cutAll();
    this.restore();
    await this.#ended;
  }

  async #accept(): Promise<void> {
    const running: Promise<void>[] = [];
    try {
      for await (const client of this.#listener) running.push(this.#serve(client));
    } catch {
      // Closed.
    }
    await Promise.all(running);
  }

  async #serve(client: Deno.Conn): Promise<void> {
    let server: Deno.Conn;
    if (this.#isShut) return client.close();
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port: this.target });
    } catch {
      return client.close();
    }
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    await Promise.all([this.#request(pair), this.#answer(pair)]);
    this.#forget(pair);
  }

  async #request(pair: readonly [Deno.Conn, Deno.Conn]): Promise<void> {
    const [client, server] = pair;
    const allow = (bytes: Uint8Array) => {
      if (typeof this.#next === "string") return bytes;
      const left = this.#next.requestBytes - bytes.length;
      if (left >= 0) {
        this.#next = { requestBytes: left };
        return bytes;
      }
      this.#next = "none";
      this.cuts++;
      return bytes.subarray(0, bytes.length + left);
    };
    await pass(client, server, {
      allow,
      end: () => this.#forget(pair),
      untilFree: () => this.#held?.promise,
    });
  }

  async #answer(pair: readonly [Deno.Conn, Deno.Conn]): Promise<void> {
    const [client, server] = pair;
    const allow = (bytes: Uint8Array) => {
      if (this.#next !== "lose the answer") return bytes;
      this.#next = "none";
      this.cuts++;
      return new Uint8Array(0);
    };
    await pass(server, client, {
      allow,
      end: () => this.#forget(pair),
      untilFree: () => this.#held?.promise,
    });
  }

  #forget(pair: readonly [Deno.Conn, Deno.Conn]): void {
    if (!this.#pairs.delete(pair)) return;
    for (const conn of pair) conn.close();
  }
}

interface Passage {
  readonly allow: (bytes: Uint8Array) => Uint8Array;
  readonly end: () => void;
  readonly untilFree: () => Promise<void> | undefined;
}

/** Copies bytes until one end is gone, or some are held back. */
async function pass(
  from: Deno.Conn,
  to: Deno.Conn,
  { allow, end, untilFree }: Passage,
): Promise<void> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  try {
    for (let count = await from.read(chunk); count !== null; count = await from.read(chunk)) {
      await untilFree();
      const bytes = allow(chunk.subarray(0, count));
      for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
      if (bytes.length < count) break;
    }
  } catch {
    // One of both is gone.
  }
  end();
}
