import type { EventBatch } from "sluice/plugin";
import { ByteWriter } from "../../../protocols/byte_writer.ts";

const NEWLINE = 10;
/** Runs of at least this many bytes go out as they lie; shorter ones are gathered, since each slice is a write. */
const SLICE_BYTES = 64 * 1024;

/** Writes bodies one behind another, each with a newline or with nothing behind it. */
export class LineWriter {
  readonly #separatorBytes: 0 | 1;
  readonly #gathered = new ByteWriter();

  constructor(options: { readonly appendNewline: boolean }) {
    this.#separatorBytes = options.appendNewline ? 1 : 0;
  }

  /** The bytes of a batch: slices of its block where bodies lie as wanted, gathered ones elsewhere. */
  slices(batch: EventBatch): readonly Uint8Array[] {
    const { block, starts, ends, size, layout } = batch;
    if (size === 0) return [];
    if (layout === "dense" && this.#separatorBytes === 1) {
      return [block.subarray(starts[0], ends[size - 1]! + 1)];
    }
    return this.#gather(batch);
  }

  #gather(batch: EventBatch): readonly Uint8Array[] {
    const { block, starts, ends, size } = batch;
    const pieces: Uint8Array[] = [];
    // The whole room at once: growing would move what earlier pieces point at.
    this.#gathered.reset();
    this.#gathered.reserve(batch.bodyBytes + size * this.#separatorBytes);
    let pieceStart = 0;
    for (let index = 0; index < size;) {
      const start = starts[index]!;
      const next = this.#runEnd(batch, index);
      const end = ends[next - 1]!;
      const closed = this.#separatorBytes === 1 && block[end] === NEWLINE;
      const stop = closed ? end + 1 : end;
      if (stop - start >= SLICE_BYTES) {
        this.#flush(pieces, pieceStart);
        pieceStart = this.#gathered.length;
        pieces.push(block.subarray(start, stop));
      } else this.#gathered.copy(block, start, stop);
      if (this.#separatorBytes === 1 && !closed) this.#gathered.byte(NEWLINE);
      index = next;
    }
    this.#flush(pieces, pieceStart);
    return pieces;
  }

  #flush(pieces: Uint8Array[], from: number): void {
    if (this.#gathered.length > from) pieces.push(this.#gathered.written.subarray(from));
  }

  /** The place behind the last body of the run that begins at `from` and lies in the block as it must be written. */
  #runEnd({ block, starts, ends, size }: EventBatch, from: number): number {
    const gapBytes = this.#separatorBytes;
    let index = from;
    for (; index + 1 < size; index++) {
      const end = ends[index]!;
      if (starts[index + 1] !== end + gapBytes) break;
      if (gapBytes === 1 && block[end] !== NEWLINE) break;
    }
    return index + 1;
  }
}
