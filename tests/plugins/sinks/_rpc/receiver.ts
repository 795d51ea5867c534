import { frameEnds } from "../../../support/avro_wire.ts";

/** The answer to a frame of a connection, both counted from 0; nothing: no answer comes. */
export type Answering = (frame: number, connection: number) => Uint8Array | undefined;

/** A server that answers each frame with what it is told, and keeps what came. */
export class Receiver {
  readonly port: number;
  /** What came on each connection, in the order of connections. */
  readonly received: Uint8Array<ArrayBuffer>[] = [];
  /** Connections that the other side has ended. */
  ended = 0;
  readonly #listener: Deno.Listener;
  readonly #answer: Answering;
  readonly #read: (received: Uint8Array) => Uint8Array;
  readonly #conns = new Set<Deno.Conn>();

  /** `read` turns what came into frames, where they are wrapped into something. */
  constructor(
    answer: Answering,
    options: { listener?: Deno.Listener; read?: (bytes: Uint8Array) => Uint8Array } = {},
  ) {
    const { listener = Deno.listen({ hostname: "127.0.0.1", port: 0 }), read = (bytes) => bytes } = options;
    this.#answer = answer;
    this.#read = read;
    this.#listener = listener;
    this.port = (listener.addr as Deno.NetAddr).port;
    void this.#serve();
  }

  /** Ends all connections, and the listening. */
  [Symbol.dispose](): void {
    this.#listener.close();
    this.closeConnections();
  }

  /** Ends all connections. */
  closeConnections(): void {
    for (const conn of this.#conns) closeNow(conn);
    this.#conns.clear();
  }

  async #serve(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        void this.#talk(conn, this.received.push(new Uint8Array(0)) - 1);
      }
    } catch {
      // The listener was closed.
    }
  }

  #frames(connection: number): readonly number[] {
    return frameEnds(this.#read(this.received[connection]!));
  }

  async #talk(conn: Deno.Conn, connection: number): Promise<void> {
    this.#conns.add(conn);
    const buffer = new Uint8Array(256 * 1024);
    let answered = 0;
    try {
      for (let bytes = await conn.read(buffer); bytes !== null; bytes = await conn.read(buffer)) {
        this.received[connection] = joined(this.received[connection]!, buffer.subarray(0, bytes));
        for (const { length } = this.#frames(connection); answered < length;) {
          const answer = this.#answer(answered++, connection);
          if (answer) await conn.write(answer);
        }
      }
    } catch {
      // The other side broke off.
    }
    this.ended++;
    closeNow(conn);
    this.#conns.delete(conn);
  }
}

function closeNow(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
