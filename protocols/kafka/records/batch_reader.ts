import { Buffer } from "node:buffer";
import { KafkaError } from "../kafka_error.ts";
import { type AbortedTransaction, HiddenBatches } from "./aborted.ts";
import { type BatchHead, corrupt, LEAST_RECORD_BYTES, readBatchHead } from "./batch_head.ts";
import { type BatchSection, type ChunkOptions, ChunkReader, type FetchedColumns } from "./chunk_reader.ts";
import { inflate } from "./compression.ts";
import { InflateLimitError } from "./inflate_limit.ts";

/** Compressed batches are joined up to this size once inflated, or up to one chunk. */
const JOINED_BYTES = 1024 * 1024;

/** How a fetch answer is read. */
export interface ReadOptions extends ChunkOptions {
  /** What the answer names as aborted, when only committed records are wanted. */
  readonly aborted?: readonly AbortedTransaction[] | undefined;
  /** Of one batch. */
  readonly maxInflatedBytes: number;
  readonly checksCrc: boolean;
  /** What errors begin with: partition and broker. */
  readonly where?: string | undefined;
}

/**
 * Reads the batches of one partition of a fetch answer. Records that are not compressed stay where they are: bodies are ranges of
 * `bytes`. A batch that is cut off at the end is left; see `firstBatchBytes` where nothing was given at all. A chunk without
 * records tells only that reading goes on behind markers, aborted transactions or what compaction has removed.
 * @throws {KafkaError} at a damaged batch, when all that lies before it was given.
 */
export function* readRecords(bytes: Uint8Array, options: ReadOptions): Generator<FetchedColumns> {
  for (const run of runsOf(bytes, options)) yield* run.chunks();
}

/** Gathers batches whose records can lie in one block. What is damaged is thrown once all before it was given. */
function* runsOf(bytes: Uint8Array, options: ReadOptions): Generator<BatchRun> {
  const hidden = new HiddenBatches(options.aborted);
  let run = new BatchRun(bytes, options, options.fromOffset);
  let fault: unknown;
  let givenOffset = options.fromOffset;
  let endOffset = 0;
  for (let at = 0; !fault;) {
    let full: BatchRun | undefined;
    try {
      const head = readBatchHead(bytes, at, options);
      if (!head) break;
      // The checksum does not cover the base offset, which the broker sets.
      if (head.baseOffset < endOffset) throw outOfOrder(head, options, endOffset);
      endOffset = head.lastOffset + 1;
      at = head.end;
      if (!hidden.hides(bytes, head) && head.count > 0 && head.lastOffset >= options.fromOffset) {
        if (!run.takes(head)) [full, run] = [run, new BatchRun(bytes, options, run.nextOffset)];
        run.add(head);
      }
      run.passed(head);
    } catch (cause) {
      fault = cause instanceof KafkaError
        ? cause
        : corrupt(`${options.where ?? "Fetch"}: ${errorText(cause)}`, cause);
    }
    if (!full) continue;
    givenOffset = full.nextOffset;
    yield full;
  }
  if (run.nextOffset > givenOffset) yield run;
  if (fault) throw fault;
}

/** Batches next to each other, none of them compressed or all. */
class BatchRun {
  readonly #bytes: Uint8Array;
  readonly #options: ReadOptions;
  readonly #heads: BatchHead[] = [];
  /** Records that were inflated; none where they lie in `#bytes`. */
  readonly #inflated: Uint8Array[] = [];
  #inflatedBytes = 0;
  #count = 0;
  /** Where reading goes on behind the run. */
  nextOffset: number;

  constructor(bytes: Uint8Array, options: ReadOptions, nextOffset: number) {
    this.#bytes = bytes;
    this.#options = options;
    this.nextOffset = nextOffset;
  }

  takes({ compression }: BatchHead): boolean {
    if (this.#heads.length === 0) return true;
    if (this.#inflated.length === 0) return compression === 0;
    return compression !== 0 && this.#inflatedBytes < JOINED_BYTES && this.#count < this.#options.maxRecords;
  }

  add(head: BatchHead): void {
    if (head.compression !== 0) this.#inflate(head);
    this.#heads.push(head);
    this.#count += head.count;
  }

  /** Says that reading goes on behind a batch, whether it was added or not. */
  passed({ lastOffset }: BatchHead): void {
    this.nextOffset = Math.max(this.nextOffset, lastOffset + 1);
  }

  /** @throws {KafkaError} when a record is damaged, once those before it were given. */
  *chunks(): Generator<FetchedColumns> {
    const { block, sections } = this.#sections();
    const reader = new ChunkReader(block, sections, this.#options);
    do {
      const chunk = reader.chunk();
      let fault: KafkaError | undefined;
      try {
        reader.fill(chunk);
      } catch (cause) {
        const where = `${this.#options.where ?? "Fetch"}: record at offset ${reader.offset}`;
        fault = corrupt(`${where}: ${errorText(cause)}`, cause);
      }
      if (chunk.size > 0 || !fault) {
        yield chunk.columns(fault || reader.hasMore ? undefined : this.nextOffset);
      }
      if (fault) throw fault;
    } while (reader.hasMore);
  }

  #inflate(head: BatchHead): void {
    const { maxInflatedBytes, where = "Fetch" } = this.#options;
    const at = `${where}: batch at offset ${head.baseOffset}`;
    const inflated = inflateAt(at, () => {
      return inflate(this.#bytes.subarray(head.start, head.end), head.compression, maxInflatedBytes);
    });
    if (head.count * LEAST_RECORD_BYTES > inflated.length) {
      throw corrupt(`${at}: ${head.count} records in ${inflated.length} bytes`);
    }
    this.#inflated.push(inflated);
    this.#inflatedBytes += inflated.length;
  }

  #sections(): { readonly block: Uint8Array; readonly sections: readonly BatchSection[] } {
    const pieces = this.#inflated;
    if (pieces.length === 0) {
      return {
        block: this.#bytes,
        sections: this.#heads.map((head) => ({ head, start: head.start, end: head.end })),
      };
    }
    let at = 0;
    const sections = this.#heads.map((head, index) => ({
      head,
      start: at,
      end: at += pieces[index]!.length,
    }));
    const { buffer, byteOffset } = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, at);
    // Not a Buffer: its slice() would not copy.
    return { block: new Uint8Array(buffer, byteOffset, at), sections };
  }
}

function outOfOrder(
  { baseOffset }: BatchHead,
  { where = "Fetch" }: ReadOptions,
  endOffset: number,
): KafkaError {
  return corrupt(`${where}: batch at offset ${baseOffset} follows one that ends at ${endOffset - 1}`);
}

function inflateAt(at: string, inflateAll: () => Uint8Array): Uint8Array {
  try {
    return inflateAll();
  } catch (cause) {
    if (!(cause instanceof InflateLimitError)) throw corrupt(`${at}: ${errorText(cause)}`, cause);
    const text =
      `${at}: ${cause.message} (raise the limit of inflated bytes, or let the producer send smaller batches)`;
    throw new KafkaError(text, { code: "INFLATE_LIMIT", canRetry: false, cause });
  }
}

function errorText(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
