/** A way to a server that can be cut, and opened again. */
export class Relay {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: { readonly hostname: string; readonly port: number };
  readonly #open = new Set<Deno.Conn>();
  /** All that clients have sent so far. */
  readonly sent: number[] = [];
  #isCut = false;

  constructor(address: string) {
    const [hostname, port] = address.split(":");
    this.#target = { hostname: hostname!, port: Number(port) };
    void this.#accept();
  }

  get address(): string {
    return `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  /** Ends all connections, and every new one. */
  cut(): void {
    this.#isCut = true;
    for (const conn of this.#open) close(conn);
    this.#open.clear();
  }

  restore(): void {
    this.#isCut = false;
  }

  [Symbol.dispose](): void {
    this.cut();
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      if (this.#isCut) close(conn);
      else void this.#join(conn);
    }
  }

  async #join(conn: Deno.Conn): Promise<void> {
    const target = await Deno.connect(this.#target);
    for (const end of [conn, target]) this.#open.add(end);
    const tap = new TransformStream<Uint8Array, Uint8Array>({
      transform: (bytes, controller) => {
        this.sent.push(...bytes);
        controller.enqueue(bytes);
      },
    });
    const pipes = [
      conn.readable.pipeThrough(tap).pipeTo(target.writable),
      target.readable.pipeTo(conn.writable),
    ];
    await Promise.allSettled(pipes);
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Its stream has closed it.
  }
}
