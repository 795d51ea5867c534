import {
  BlockPool,
  type Column,
  EventBatch,
  type Lease,
  type LineIndex,
  type Position,
  splitLines,
} from "sluice/plugin";
import { type Outbox, settledOrAborted } from "../_files/outbox.ts";
import type { TailFile } from "./tail_file.ts";

const BLOCK_BYTES = 1024 * 1024;
const MAX_BLOCKS = 2;
/** What was seen of a file is not relied on for longer. */
const STALE_MS = 100;

/** How lines become batches. */
export interface LineReaderOptions {
  readonly maxLineBytes: number;
  readonly batchSize?: number | undefined;
  readonly byteOffsetHeader: boolean;
  readonly outbox: Outbox;
  /** Headers that all lines of a file get. */
  headersOf(file: TailFile): ReadonlyMap<string, Column>;
  /** What else a position must say. */
  takeForgotten(): Position | undefined;
}

interface Lines {
  readonly block: Uint8Array;
  readonly index: LineIndex;
  readonly lease?: Lease;
}

/** Reads blocks of lines from files and emits each block as a batch. */
export class LineReader {
  readonly #options: LineReaderOptions;
  readonly #pool = new BlockPool({ blockBytes: BLOCK_BYTES, maxBlocks: MAX_BLOCKS });

  constructor(options: LineReaderOptions) {
    this.#options = options;
  }

  /**
   * Emits whole lines, in so many blocks at most; true when there is more. It also ends after some time, above all after a
   * wait for the pipeline: the file may have been truncated meanwhile and must be looked at again.
   */
  async read(file: TailFile, maxBlocks: number): Promise<boolean> {
    const { outbox } = this.#options;
    const startMs = performance.now();
    for (let count = 0; count < maxBlocks; count++) {
      if (!await outbox.ready()) return false;
      const leased = this.#pool.lease();
      const lease = leased instanceof Promise ? await settledOrAborted(leased, outbox.signal) : leased;
      if (!lease) return false;
      if (performance.now() - startMs > STALE_MS) {
        lease.release();
        return true;
      }
      if (!this.#readBlock(file, lease)) return false;
    }
    return true;
  }

  /** Emits what stands behind the last newline. */
  readRest(file: TailFile): void {
    const block = new Uint8Array(file.restBytes);
    const bytes = block.subarray(0, file.fill(block));
    if (bytes.length === 0) return;
    this.#emit(file, { block, index: splitLines(bytes, { ...this.#lineOptions(), last: true }) });
  }

  #readBlock(file: TailFile, lease: Lease): boolean {
    const { block } = lease;
    const count = this.#fill(file, lease);
    const index = splitLines(block.subarray(0, count), this.#lineOptions());
    if (index.consumedBytes > 0) {
      this.#emit(file, { block, index, lease });
      return count === block.length;
    }
    lease.release();
    return count === block.length && this.#readLongLine(file);
  }

  #fill(file: TailFile, lease: Lease): number {
    try {
      return file.fill(lease.block);
    } catch (cause) {
      lease.release();
      throw cause;
    }
  }

  #readLongLine(file: TailFile): boolean {
    const maxBytes = this.#options.maxLineBytes + 2;
    for (let bytes = BLOCK_BYTES * 2;; bytes *= 2) {
      const block = new Uint8Array(Math.min(bytes, maxBytes));
      const count = file.fill(block);
      const index = splitLines(block.subarray(0, count), this.#lineOptions());
      if (index.consumedBytes > 0) {
        this.#emit(file, { block, index });
        return true;
      }
      if (count < block.length) return false;
    }
  }

  #lineOptions() {
    return { maxLineBytes: this.#options.maxLineBytes, cutReturn: true };
  }

  #emit(file: TailFile, lines: Lines): void {
    const { consumedBytes, ...index } = lines.index;
    const startOffset = file.offset;
    const headers = this.#headers(file, lines.index);
    const position = { ...this.#options.takeForgotten(), ...file.advance(consumedBytes, lines.block) };
    const batch = new EventBatch({ ...index, ...heldBytes(lines), headers, position });
    this.#send(batch, (end) => ({ ...position, [file.key]: startOffset + end }));
  }

  #headers(file: TailFile, { starts, size }: LineIndex): ReadonlyMap<string, Column> {
    const headers = this.#options.headersOf(file);
    if (!this.#options.byteOffsetHeader) return headers;
    const offsets = Array.from({ length: size }, (_, index) => String(file.offset + starts[index]!));
    return new Map(headers).set("byteoffset", offsets);
  }

  /** Sends a batch whole, or cut with a position for each piece. */
  #send(batch: EventBatch, positionAt: (end: number) => Position): void {
    const { outbox, batchSize = Infinity } = this.#options;
    for (let from = 0; from < batch.size; from += batchSize) {
      const to = from + batchSize;
      if (to >= batch.size) return void outbox.send(batch.slice(from, to));
      batch.lease?.retain();
      void outbox.send(batch.slice(from, to).with({ position: positionAt(batch.starts[to]!) }));
    }
  }
}

/** A few lines are copied, so that they do not hold a whole block. */
function heldBytes({ block, index, lease }: Lines): { readonly block: Uint8Array; readonly lease?: Lease } {
  if (!lease) return { block };
  if (index.consumedBytes >= block.length / 8) return { block, lease };
  const copy = block.slice(0, index.consumedBytes);
  lease.release();
  return { block: copy };
}
