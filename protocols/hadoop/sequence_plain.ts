import { ByteWriter } from "../byte_writer.ts";
import type { HadoopCodec } from "./compression.ts";
import { writeInt, writeLong } from "./numbers.ts";
import { SYNC_BYTES } from "./sequence_head.ts";
import type { RowEncoder, SequenceKeys, SequenceRows, ValueFormat } from "./sequence_rows.ts";

// Rows that are not compressed in blocks, numbers with the big end first:
//   4 bytes of key and value together · 4 bytes of key (8) · 8 key · value, compressed by itself where a codec is named
// and in front of a row, when enough was written since the last one:
//   -1 in 4 bytes · 16 sync marker

/** Bytes between two sync markers at least (Hadoop's SequenceFile.SYNC_INTERVAL). */
const SYNC_INTERVAL_BYTES = 100 * 1024;
const ESCAPED_SYNC_BYTES = 4 + SYNC_BYTES;
const KEY_BYTES = 8;
/** In front of the value. */
const ROW_HEAD_BYTES = 4 + 4 + KEY_BYTES;
const MAX_LENGTH_BYTES = 5;
/** A piece is about so long; one row always fits. */
const PIECE_BYTES = 1024 * 1024;

interface PlainOptions {
  readonly format: ValueFormat;
  readonly codec: HadoopCodec | undefined;
  readonly sync: Uint8Array;
  readonly headBytes: number;
  readonly room?: ByteWriter | undefined;
}

/** Rows one behind the other. */
export class PlainRows implements RowEncoder {
  readonly #options: PlainOptions;
  /** Length of the file up to the current piece, and up to the last sync marker behind the head. */
  #offset: number;
  #syncOffset = 0;

  constructor(options: PlainOptions) {
    this.#options = options;
    this.#offset = options.headBytes;
  }

  *push(rows: SequenceRows, keys: SequenceKeys): Iterable<Uint8Array> {
    const { codec, format } = this.#options;
    const source = codec ? compressEach(rows, { codec, format }) : rows;
    for (let from = 0; from < source.size;) {
      const to = endOfPiece(source, from);
      const piece = this.#encode(source, keys, { from, to });
      this.#offset += piece.length;
      from = to;
      yield piece;
    }
  }

  *sync(): Iterable<Uint8Array> {
    if (this.#offset === this.#syncOffset) return;
    const piece = new Uint8Array(ESCAPED_SYNC_BYTES);
    this.#offset += this.#writeSync(piece, 0);
    yield piece;
  }

  *end(): Iterable<Uint8Array> {}

  #encode(
    { block, starts, ends }: SequenceRows,
    keys: SequenceKeys,
    { from, to }: { from: number; to: number },
  ): Uint8Array {
    const { format, codec } = this.#options;
    const bytes = pieceBytes({ starts, ends }, from, to);
    const piece = from === 0 ? this.#firstPiece(bytes) : new Uint8Array(bytes);
    let at = 0;
    for (let index = from; index < to; index++) {
      const [start, end] = [starts[index]!, ends[index]!];
      const bodyBytes = end - start;
      if (this.#offset + at >= this.#syncOffset + SYNC_INTERVAL_BYTES) at = this.#writeSync(piece, at);
      const rowAt = at;
      at = writeInt(piece, at + 4, KEY_BYTES);
      at = writeLong(piece, at, typeof keys === "number" ? keys : keys[index]!);
      if (!codec) at = format.writeLength(piece, at, bodyBytes);
      piece.set(block.subarray(start, end), at);
      at += bodyBytes;
      writeInt(piece, rowAt, at - rowAt - 8);
    }
    return piece.subarray(0, at);
  }

  #firstPiece(bytes: number): Uint8Array {
    const { room } = this.#options;
    if (!room) return new Uint8Array(bytes);
    room.reset();
    room.reserve(bytes);
    room.advance(bytes);
    return room.written;
  }

  #writeSync(piece: Uint8Array, at: number): number {
    writeInt(piece, at, -1);
    piece.set(this.#options.sync, at + 4);
    this.#syncOffset = this.#offset + at + ESCAPED_SYNC_BYTES;
    return at + ESCAPED_SYNC_BYTES;
  }
}

function endOfPiece({ starts, ends, size }: SequenceRows, from: number): number {
  let to = from;
  for (let bytes = 0; to < size; to++) {
    bytes += ROW_HEAD_BYTES + MAX_LENGTH_BYTES + ends[to]! - starts[to]!;
    if (bytes > PIECE_BYTES && to > from) break;
  }
  return to;
}

/** Room for these rows and all sync markers between them. */
function pieceBytes(
  { starts, ends }: Pick<SequenceRows, "starts" | "ends">,
  from: number,
  to: number,
): number {
  let bytes = (to - from) * (ROW_HEAD_BYTES + MAX_LENGTH_BYTES);
  for (let index = from; index < to; index++) bytes += ends[index]! - starts[index]!;
  return bytes + (Math.floor(bytes / SYNC_INTERVAL_BYTES) + 1) * ESCAPED_SYNC_BYTES;
}

/** The same rows, each value compressed together with the length in front of it. */
function compressEach(
  { block, starts, ends, size }: SequenceRows,
  { format, codec }: { format: ValueFormat; codec: HadoopCodec },
): SequenceRows {
  const value = new ByteWriter();
  const compressed = new ByteWriter();
  const [newStarts, newEnds] = [new Uint32Array(size), new Uint32Array(size)];
  for (let index = 0; index < size; index++) {
    const [start, end] = [starts[index]!, ends[index]!];
    value.reset();
    value.advance(format.writeLength(value.reserve(MAX_LENGTH_BYTES), 0, end - start));
    value.copy(block, start, end);
    const bytes = codec.compress(value.written);
    newStarts[index] = compressed.length;
    compressed.copy(bytes, 0, bytes.length);
    newEnds[index] = compressed.length;
  }
  return { block: compressed.written, starts: newStarts, ends: newEnds, size };
}
