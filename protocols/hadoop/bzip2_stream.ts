import { Bzip2Encoder } from "../bzip2/encoder.ts";
import type { ByteSink, CompressedStream } from "./byte_sink.ts";

/** Compresses with own code, in blocks of up to 900,000 bytes: each keeps the thread busy for a tenth of a second or more. */
export class Bzip2Stream implements CompressedStream {
  readonly #sink: ByteSink;
  readonly #level: number;
  #encoder: Bzip2Encoder | undefined;

  constructor(sink: ByteSink, level: number) {
    this.#sink = sink;
    this.#level = level;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#encoder ??= new Bzip2Encoder(this.#level);
    await this.#handOn(this.#encoder.push(bytes));
  }

  async finish(): Promise<void> {
    const encoder = this.#encoder;
    this.#encoder = undefined;
    if (encoder) await this.#handOn(encoder.end());
  }

  abort(): void {
    this.#encoder = undefined;
  }

  async #handOn(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await this.#sink.write(bytes);
  }
}
