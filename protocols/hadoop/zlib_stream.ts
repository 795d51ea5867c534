import type { Transform } from "node:stream";
import {
  constants,
  createDeflate,
  createGzip,
  createZstdCompress,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import type { ByteSink, CompressedStream } from "./byte_sink.ts";

/** Compressed bytes that are handed on at once. */
const PIECE_BYTES = 64 * 1024;

/** What node:zlib offers of a format: a stream, and all at once. */
export interface ZlibFormat {
  start(level: number | undefined): Transform;
  compress(bytes: Uint8Array, level: number | undefined): Uint8Array;
}

/** RFC 1952, RFC 1950 and RFC 8878, by their names in Hadoop. */
export const ZLIB_FORMATS = {
  gzip: {
    start: (level) => createGzip({ ...levelOf(level), chunkSize: PIECE_BYTES }),
    compress: (bytes, level) => gzipSync(bytes, levelOf(level)),
  },
  deflate: {
    start: (level) => createDeflate({ ...levelOf(level), chunkSize: PIECE_BYTES }),
    compress: (bytes, level) => deflateSync(bytes, levelOf(level)),
  },
  zstd: {
    start: (level) => createZstdCompress({ ...zstdLevelOf(level), chunkSize: PIECE_BYTES }),
    compress: (bytes, level) => zstdCompressSync(bytes, zstdLevelOf(level)),
  },
} satisfies Record<string, ZlibFormat>;

function levelOf(level: number | undefined): { level?: number } {
  return level === undefined ? {} : { level };
}

function zstdLevelOf(level: number | undefined): { params?: Record<number, number> } {
  return level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } };
}

/** Compresses with a stream of node:zlib: after `finish` with the next one. */
export class ZlibStream implements CompressedStream {
  readonly #sink: ByteSink;
  readonly #start: () => Transform;
  #engine: Transform | undefined;
  #pieces: Uint8Array[] = [];

  constructor(sink: ByteSink, start: () => Transform) {
    this.#sink = sink;
    this.#start = start;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const engine = this.#engine ??= this.#open();
    await new Promise<void>((resolve, reject) => {
      engine.write(bytes, (fault) => fault ? reject(fault) : resolve());
    });
    await this.#handOn();
  }

  async finish(): Promise<void> {
    const engine = this.#engine;
    if (!engine) return;
    this.#engine = undefined;
    await new Promise<void>((resolve, reject) => {
      engine.once("end", resolve);
      engine.once("error", reject);
      engine.end();
    });
    await this.#handOn();
  }

  abort(): void {
    this.#engine?.destroy();
    this.#engine = undefined;
    this.#pieces = [];
  }

  #open(): Transform {
    const engine = this.#start();
    engine.on("data", (piece: Uint8Array) => this.#pieces.push(piece));
    // What goes wrong is told to the call that waits.
    engine.on("error", () => {});
    return engine;
  }

  async #handOn(): Promise<void> {
    const pieces = this.#pieces;
    this.#pieces = [];
    for (const piece of pieces) await this.#sink.write(piece);
  }
}
