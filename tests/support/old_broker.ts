/** Kafka's keys of requests (protocol guide, "API Keys"), and the versions that a broker of 2016 speaks (Kafka 0.10.0). */
const RANGES: readonly (readonly [key: number, most: number])[] = [
  [0, 2],
  [1, 2],
  [2, 0],
  [3, 1],
  [8, 2],
  [9, 1],
  [10, 0],
  [11, 0],
  [12, 0],
  [13, 0],
  [14, 0],
  [17, 0],
  [18, 0],
];
const API_VERSIONS = 18;
const UNSUPPORTED_VERSION = 35;

/** Answers which versions it speaks, all of them old, and hangs up at everything else. */
export class OldBroker {
  /** Connections so far. */
  connections = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #ended: Promise<void>;

  constructor() {
    this.#ended = this.#accept();
  }

  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) conn.close();
    await this.#ended;
  }

  async #accept(): Promise<void> {
    const running: Promise<void>[] = [];
    try {
      for await (const conn of this.#listener) {
        this.connections++;
        running.push(this.#serve(conn));
      }
    } catch {
      // Closed.
    }
    await Promise.all(running);
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    this.#open.add(conn);
    try {
      const chunk = new Uint8Array(64 * 1024);
      for (let size = await conn.read(chunk); size !== null; size = await conn.read(chunk)) {
        const head = new DataView(chunk.buffer, 4);
        if (head.getInt16(0) !== API_VERSIONS) break;
        await conn.write(versionsAnswer(head.getInt32(4), head.getInt16(2)));
      }
    } catch {
      // The client has gone, or the broker is closed.
    }
    if (this.#open.delete(conn)) conn.close();
  }
}

/*
 *  0      4              8          10       14
 * ┌──────┬──────────────┬──────────┬────────┬──────────────────────────────┐
 * │bytes │correlation id│error code│entries │key int16, least int16, most  │ …
 * └──────┴──────────────┴──────────┴────────┴──────────────────────────────┘
 * ApiVersions answer version 0, which a broker also gives to newer questions.
 */
function versionsAnswer(correlation: number, version: number): Uint8Array {
  const bytes = new Uint8Array(14 + 6 * RANGES.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length - 4);
  view.setInt32(4, correlation);
  view.setInt16(8, version === 0 ? 0 : UNSUPPORTED_VERSION);
  view.setInt32(10, RANGES.length);
  for (const [index, [key, most]] of RANGES.entries()) {
    view.setInt16(14 + 6 * index, key);
    view.setInt16(18 + 6 * index, most);
  }
  return bytes;
}
