// The sockets of one kafkajs client: kafkajs neither limits the length of an answer nor lets go of a broker that is
// silent when it is asked to close.
import net from "node:net";
import tls from "node:tls";
import type { ISocketFactory } from "kafkajs";

const KEEP_ALIVE_MS = 60_000;

/** Opens sockets for kafkajs, and can end all of them. */
export class Sockets {
  readonly #maxFrameBytes: number;
  readonly #open = new Set<net.Socket>();
  #isClosed = false;
  /** A broker has said something: the port is one of Kafka's. */
  hasHeard = false;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** What kafkajs calls for each connection. */
  readonly connect: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (this.#isClosed) throw new Error("the client was closed");
    const name = net.isIP(host) === 0 ? { servername: host } : {};
    const socket = ssl
      ? tls.connect({ host, port, ...name, ...ssl }, onConnect)
      : net.connect({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
    this.#guard(socket);
    return socket;
  };

  /** Ends all sockets: what waits for an answer fails. */
  destroy(): void {
    this.#isClosed = true;
    // With an error, because kafkajs does not notice otherwise that nothing will come any more.
    for (const socket of this.#open) socket.destroy(new Error("the client was closed"));
  }

  #guard(socket: net.Socket): void {
    const lengths = new FrameLengths();
    socket.on("data", (bytes: Uint8Array) => {
      this.hasHeard = true;
      const length = lengths.findAbove(this.#maxFrameBytes, bytes);
      if (length === undefined) return;
      const text =
        `it announces an answer of ${length} bytes, and ${this.#maxFrameBytes} are allowed: is it Kafka's port, and does it want TLS?`;
      socket.destroy(new Error(text));
    });
  }
}

/**
 * Follows the lengths of frames through a stream of bytes, whose pieces end anywhere.
 *
 *     | length: int32 | answer: length bytes | length: int32 | …
 */
export class FrameLengths {
  /** Bytes of the answer still to come. */
  #left = 0;
  #length = 0;
  #lengthBytes = 0;

  /** The first length in these bytes that is above a limit; a negative one counts as above. */
  findAbove(maxBytes: number, bytes: Uint8Array): number | undefined {
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      this.#length = this.#length * 256 + bytes[at++]!;
      if (++this.#lengthBytes < 4) continue;
      if (this.#length > maxBytes) return this.#length;
      this.#left = this.#length;
      this.#length = this.#lengthBytes = 0;
    }
    return undefined;
  }
}
