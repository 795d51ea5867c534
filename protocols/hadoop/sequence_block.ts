import { ByteWriter } from "../byte_writer.ts";
import type { HadoopCodec } from "./compression.ts";
import { joinBytes } from "./join_bytes.ts";
import { vintBytes, writeLong, writeVint } from "./numbers.ts";
import type { RowEncoder, SequenceKeys, SequenceRows, ValueFormat } from "./sequence_rows.ts";

// A block of rows, compressed in four sections:
//   -1 in 4 bytes · 16 sync marker · vint: rows
//   vint: bytes of the section · lengths of the keys, each a vint   (8 for each row)
//   vint · keys, 8 bytes each, the big end first
//   vint · lengths of the values, each a vint
//   vint · values, each with its own length in front

const KEY_BYTES = 8;
const MAX_VINT_BYTES = 5;

interface BlockOptions {
  readonly format: ValueFormat;
  readonly codec: HadoopCodec;
  readonly sync: Uint8Array;
  readonly blockBytes: number;
}

/** Rows that gather until there are enough for a block. */
export class BlockRows implements RowEncoder {
  readonly #options: BlockOptions;
  #keys = new ByteWriter();
  #valueLengths = new ByteWriter();
  #values = new ByteWriter();
  #rows = 0;

  constructor(options: BlockOptions) {
    this.#options = options;
  }

  *push({ block, starts, ends, size }: SequenceRows, keys: SequenceKeys): Iterable<Uint8Array> {
    const { format, blockBytes } = this.#options;
    const [values, lengths] = [this.#values, this.#valueLengths];
    for (let index = 0; index < size; index++) {
      const [start, end] = [starts[index]!, ends[index]!];
      const key = typeof keys === "number" ? keys : keys[index]!;
      this.#keys.advance(writeLong(this.#keys.reserve(KEY_BYTES), this.#keys.length, key));
      const valueAt = values.length;
      values.advance(format.writeLength(values.reserve(MAX_VINT_BYTES), valueAt, end - start));
      values.copy(block, start, end);
      lengths.advance(writeVint(lengths.reserve(MAX_VINT_BYTES), lengths.length, values.length - valueAt));
      this.#rows++;
      if (this.#keys.length + values.length >= blockBytes) yield* this.end();
    }
  }

  *sync(): Iterable<Uint8Array> {
    yield* this.end();
    // Thousands of files may wait for more rows; they keep no room meanwhile.
    [this.#keys, this.#valueLengths, this.#values] = [new ByteWriter(), new ByteWriter(), new ByteWriter()];
  }

  *end(): Iterable<Uint8Array> {
    if (this.#rows === 0) return;
    const { codec, sync } = this.#options;
    const parts = [new Uint8Array(4).fill(0xFF), sync, vint(this.#rows)];
    const keyLengths = new Uint8Array(this.#rows).fill(KEY_BYTES);
    for (const section of [keyLengths, this.#keys, this.#valueLengths, this.#values]) {
      const compressed = codec.compress(section instanceof ByteWriter ? section.written : section);
      parts.push(vint(compressed.length), compressed);
    }
    this.#rows = 0;
    for (const writer of [this.#keys, this.#valueLengths, this.#values]) writer.reset();
    yield joinBytes(parts);
  }
}

function vint(value: number): Uint8Array {
  const bytes = new Uint8Array(vintBytes(value));
  writeVint(bytes, 0, value);
  return bytes;
}
