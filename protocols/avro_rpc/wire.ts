import { Deflater, Inflater } from "../deflate_stream.ts";
import type { TcpClient } from "../tcp_client.ts";

/** How a stream is compressed. */
export interface Compression {
  /** 0 (none) to 9 (best). */
  readonly level: number;
}

/** Bytes to and from the other side. */
export interface Wire {
  /** Hands bytes over; they must not change before the other side has answered to them. */
  write(bytes: Uint8Array): void;
  /** Waits for bytes; nothing at the end. */
  read(): Promise<Uint8Array | undefined>;
  close(): void;
}

/** The wire of a client's connection. */
export function wireOf(tcp: TcpClient, compression: Compression | undefined): Wire {
  return compression ? new DeflatedWire(tcp, compression.level) : tcp;
}

class DeflatedWire implements Wire {
  readonly #tcp: TcpClient;
  readonly #deflater: Deflater;
  readonly #inflater: Inflater;
  #isClosed = false;

  constructor(tcp: TcpClient, level: number) {
    this.#tcp = tcp;
    this.#deflater = new Deflater(level);
    this.#inflater = new Inflater(() => tcp.read());
  }

  write(bytes: Uint8Array): void {
    void this.#deflater.push(bytes).then((deflated) => this.#tcp.write(deflated));
  }

  read(): Promise<Uint8Array | undefined> {
    return this.#inflater.read();
  }

  /** As Flume's client it ends its stream in order. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    void this.#deflater.end().then((end) => {
      this.#tcp.write(end);
      this.#tcp.close();
      this.#inflater.close();
    });
  }
}
