import type { FetchedRecords } from "../client.ts";
import { TextColumns } from "./text_columns.ts";
import type { BatchHead } from "./batch_head.ts";
import { VarintReader } from "./varint.ts";

/** Attributes, time, place, key, value and headers: a byte each. */
const LEAST_INNER_BYTES = 6;
const NULL = -1;

/** Records of one partition, as `FetchedRecords` has them. */
export type FetchedColumns = Omit<FetchedRecords, "topic" | "partition" | "topicId">;

/** The records of a batch, inflated: where they lie in a block. */
export interface BatchSection {
  readonly head: BatchHead;
  readonly start: number;
  readonly end: number;
}

/** What of the records is wanted. */
export interface ChunkOptions {
  /** Records before it are passed over: the broker answers with whole batches. */
  readonly fromOffset: number;
  readonly wantsHeaders: boolean;
  /** Records in one chunk at most. */
  readonly maxRecords: number;
  /** Cells that the columns of a chunk may have together; a million, or as many as there are bytes. A chunk ends before. */
  readonly maxCells?: number | undefined;
}

/** Reads records that lie in one block, batch after batch, into chunks; `RecordBatchWriter` shows the bytes. */
export class ChunkReader {
  readonly #reader: VarintReader;
  readonly #sections: readonly BatchSection[];
  readonly #options: ChunkOptions;
  #place = -1;
  /** Of the current section: records that were not read yet. */
  #left = 0;
  #head!: BatchHead;
  /** Offsets ascend. */
  #leastOffset = 0;
  /** Of all sections. */
  #leftInAll: number;

  constructor(block: Uint8Array, sections: readonly BatchSection[], options: ChunkOptions) {
    this.#reader = new VarintReader(block, 0, 0);
    this.#sections = sections;
    this.#options = options;
    this.#leftInAll = sections.reduce((sum, { head }) => sum + head.count, 0);
  }

  /** Where the reader stands, for errors. */
  get offset(): number {
    return this.#head.baseOffset + this.#head.count - this.#left;
  }

  get hasMore(): boolean {
    return this.#leftInAll > 0;
  }

  /**
   * Reads into a chunk until it is full or all is read.
   * @throws {RangeError} when a record is damaged; the chunk then holds those before it.
   */
  fill(chunk: Chunk): void {
    while (this.#leftInAll > 0 && chunk.hasRoom) {
      if (this.#left === 0) this.#open();
      const start = this.#reader.at;
      if (!this.#readOne(chunk)) {
        this.#reader.at = start;
        return;
      }
      this.#leftInAll--;
      if (--this.#left === 0 && this.#reader.at !== this.#reader.end) {
        throw new RangeError(`Byte ${this.#reader.at}: the batch goes on behind its last record`);
      }
    }
  }

  chunk(): Chunk {
    const { maxRecords, maxCells } = this.#options;
    return new Chunk(this.#reader.bytes, { capacity: Math.min(maxRecords, this.#leftInAll), maxCells });
  }

  #open(): void {
    const { head, start, end } = this.#sections[++this.#place]!;
    this.#head = head;
    this.#left = head.count;
    this.#leastOffset = head.baseOffset;
    this.#reader.at = start;
    this.#reader.end = end;
  }

  /** Answers false when the chunk has no room for the headers of the next record. */
  #readOne(chunk: Chunk): boolean {
    const reader = this.#reader;
    const head = this.#head;
    const innerBytes = reader.int();
    const end = reader.at + innerBytes;
    if (innerBytes < LEAST_INNER_BYTES || end > reader.end) throw noSuchLength(reader, innerBytes);
    reader.at++;
    const timeMs = head.baseMs + reader.long();
    const offset = head.baseOffset + reader.int();
    if (offset < this.#leastOffset || offset > head.lastOffset) {
      throw new RangeError(`Byte ${reader.at}: offset ${offset} is out of order, or not in the batch`);
    }
    if (offset < this.#options.fromOffset) {
      reader.at = end;
      return true;
    }
    chunk.place(offset, head.appendedMs ?? timeMs);
    chunk.readKey(reader);
    chunk.readValue(reader);
    if (!this.#options.wantsHeaders) reader.at = end;
    else if (!chunk.readHeaders(reader)) return false;
    if (reader.at !== end) throw new RangeError(`Byte ${reader.at}: a record does not end where it said`);
    chunk.size++;
    this.#leastOffset = offset + 1;
    return true;
  }
}

/** Records in the making; what belongs to the record at `size` counts only once `size` has passed it. */
export class Chunk {
  size = 0;
  readonly #block: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #offsets: Float64Array;
  readonly #timestamps: Float64Array;
  readonly #nulls: number[] = [];
  readonly #maxCells: number | undefined;
  #texts: TextColumns | undefined;

  constructor(
    block: Uint8Array,
    { capacity, maxCells }: { readonly capacity: number; readonly maxCells: number | undefined },
  ) {
    this.#block = block;
    this.#maxCells = maxCells;
    this.#starts = new Uint32Array(capacity);
    this.#ends = new Uint32Array(capacity);
    this.#offsets = new Float64Array(capacity);
    this.#timestamps = new Float64Array(capacity);
  }

  get hasRoom(): boolean {
    return this.size < this.#starts.length;
  }

  place(offset: number, timeMs: number): void {
    this.#offsets[this.size] = offset;
    this.#timestamps[this.size] = timeMs;
  }

  readKey(reader: VarintReader): void {
    const bytes = reader.int();
    if (bytes === NULL) return;
    const start = reader.skip(bytes);
    this.#textsInMaking.key(this.size, start, reader.at);
  }

  readValue(reader: VarintReader): void {
    const bytes = reader.int();
    if (bytes === NULL) this.#nulls.push(this.size);
    this.#starts[this.size] = bytes === NULL ? reader.at : reader.skip(bytes);
    this.#ends[this.size] = reader.at;
  }

  /** Answers false when there is no room for them. */
  readHeaders(reader: VarintReader): boolean {
    const count = reader.int();
    if (count === 0) return true;
    if (count < 0 || count * 2 > reader.end - reader.at) {
      throw new RangeError(`Byte ${reader.at}: ${count} headers announced`);
    }
    const texts = this.#textsInMaking;
    if (!texts.hasRoom(this.size, count)) return false;
    texts.startHeaders();
    for (let left = count; left > 0; left--) {
      const nameBytes = reader.int();
      texts.name(reader.skip(nameBytes), reader.at);
      const valueBytes = reader.int();
      texts.value(this.size, valueBytes === NULL ? reader.at : reader.skip(valueBytes), reader.at);
    }
    return true;
  }

  /** The records, when no more come. */
  columns(nextOffset: number | undefined): FetchedColumns {
    const { size } = this;
    const headers = this.#texts?.headers(size);
    const keys = this.#texts?.keys(size);
    const nulls = this.#nulls.at(-1) === size ? this.#nulls.slice(0, -1) : this.#nulls;
    return {
      bodies: {
        block: this.#block,
        starts: this.#starts.subarray(0, size),
        ends: this.#ends.subarray(0, size),
        size,
      },
      offsets: this.#offsets.subarray(0, size),
      timestamps: this.#timestamps.subarray(0, size),
      nextOffset: nextOffset ?? this.#offsets[size - 1]! + 1,
      ...keys === undefined ? {} : { keys },
      ...headers ? { headers } : {},
      ...nulls.length > 0 ? { nulls } : {},
    };
  }

  get #textsInMaking(): TextColumns {
    return this.#texts ??= new TextColumns(this.#block, this.#maxCells);
  }
}

function noSuchLength({ at, end }: VarintReader, bytes: number): RangeError {
  return new RangeError(`Byte ${at}: a record of ${bytes} bytes where ${end - at} are left`);
}
