import type { ByteWriter } from "../byte_writer.ts";
import type { ByteSink } from "./byte_sink.ts";
import type { HadoopCodec } from "./compression.ts";
import { BlockRows } from "./sequence_block.ts";
import { encodeSequenceHead, SYNC_BYTES } from "./sequence_head.ts";
import { PlainRows } from "./sequence_plain.ts";
import { type RowEncoder, type SequenceKeys, type SequenceRows, VALUE_FORMATS } from "./sequence_rows.ts";

/** What a SequenceFile is to be like. */
export interface SequenceFileOptions {
  /** Flume's `writeFormat`: Text is `Text`, Writable is `BytesWritable`. */
  readonly value: keyof typeof VALUE_FORMATS;
  /** What compresses it; nothing otherwise. */
  readonly codec?: HadoopCodec | undefined;
  /** Whether each value is compressed by itself, or many rows at a time, as Flume does. */
  readonly compress?: "each" | "block";
  /** Bytes of keys and values after which a block is written (Hadoop's io.seqfile.compress.blocksize). */
  readonly blockBytes?: number;
  readonly metadata?: ReadonlyMap<string, string>;
  /** Where the first piece of each push is made, of a file without blocks; it is gone when room is used again. */
  readonly room?: ByteWriter;
  /** By which readers find their place in the middle of the file: 16 bytes at random, unless a test wants others. */
  readonly sync?: Uint8Array;
}

const BLOCK_BYTES = 1_000_000;

/** A file that begins: what stands in front of the rows, and what makes them into bytes. */
export interface SequenceFileStart {
  readonly head: Uint8Array;
  readonly rows: RowEncoder;
}

/** Begins a SequenceFile of version 6, as Hadoop's own writer does, with keys of LongWritable: the time of each event. */
export function startSequenceFile(options: SequenceFileOptions): SequenceFileStart {
  const sync = options.sync ?? crypto.getRandomValues(new Uint8Array(SYNC_BYTES));
  const { codec, metadata } = options;
  const format = VALUE_FORMATS[options.value];
  const isBlockCompressed = codec !== undefined && options.compress !== "each";
  const head = encodeSequenceHead({
    valueClass: format.className,
    codecClass: codec?.className,
    isBlockCompressed,
    metadata,
    sync,
  });
  const rows = isBlockCompressed
    ? new BlockRows({ format, codec, sync, blockBytes: options.blockBytes ?? BLOCK_BYTES })
    : new PlainRows({ format, codec, sync, headBytes: head.length, room: options.room });
  return { head, rows };
}

/** Writes a SequenceFile to where its bytes go. Calls wait for one another's promises. */
export class SequenceFileWriter {
  readonly #sink: ByteSink;
  readonly #rows: RowEncoder;
  #head: Uint8Array | undefined;

  constructor(sink: ByteSink, options: SequenceFileOptions) {
    const { head, rows } = startSequenceFile(options);
    this.#sink = sink;
    this.#head = head;
    this.#rows = rows;
  }

  /** Writes rows; what they are made of may be used again once this resolves. */
  async write(rows: SequenceRows, keys: SequenceKeys): Promise<void> {
    await this.#writeHead();
    for (const piece of this.#rows.push(rows, keys)) await this.#sink.write(piece);
  }

  /** Ends the block, or sets a sync marker: what was written can be read. Flume does so after each batch. */
  async sync(): Promise<void> {
    await this.#writeHead();
    for (const piece of this.#rows.sync()) await this.#sink.write(piece);
  }

  /** Writes all that waits for a block to be full; the sink stays open. */
  async close(): Promise<void> {
    await this.#writeHead();
    for (const piece of this.#rows.end()) await this.#sink.write(piece);
  }

  async #writeHead(): Promise<void> {
    const head = this.#head;
    this.#head = undefined;
    if (head) await this.#sink.write(head);
  }
}
