import { Buffer } from "node:buffer";
import { ByteWriter } from "./byte_writer.ts";

// An Avro object container file:
//   head   "Obj" 01 · metadata: map of string to bytes (avro.schema, avro.codec) · 16 bytes of sync marker
//   block  count of records · length in bytes · the records, compressed as avro.codec says · sync marker
// Numbers are zig-zag varints.

const MAGIC = Uint8Array.of(0x4F, 0x62, 0x6A, 1);
const SYNC_BYTES = 16;
/** Bytes that a head may take; schemas are texts of some kilobytes. */
export const MAX_HEAD_BYTES = 1024 * 1024;

/** What stands in front of the blocks. */
export interface AvroHead {
  readonly schema: string;
  /** `null`, `deflate`, `snappy`, … */
  readonly codec: string;
  readonly sync: Uint8Array;
  /** All that a head which was read says, further keys included. */
  readonly metadata?: ReadonlyMap<string, string>;
}

/** Where a block lies. */
export interface AvroBlock {
  readonly count: number;
  /** The records as they are in the file, compressed or not. */
  readonly start: number;
  readonly end: number;
  /** Behind the sync marker. */
  readonly next: number;
}

/** Makes a head. */
export function encodeAvroHead({ schema, codec, sync }: AvroHead): Uint8Array {
  const writer = new ByteWriter();
  const text = (value: string) => {
    writer.zigzag(Buffer.byteLength(value));
    writer.text(value);
  };
  writer.copy(MAGIC, 0, MAGIC.length);
  writer.zigzag(2);
  for (const value of ["avro.schema", schema, "avro.codec", codec]) text(value);
  writer.zigzag(0);
  writer.copy(sync, 0, SYNC_BYTES);
  return writer.written;
}

/** Makes a block from its records as they are to stand in the file. */
export function encodeAvroBlock(head: AvroHead, count: number, records: Uint8Array): readonly Uint8Array[] {
  const writer = new ByteWriter();
  writer.zigzag(count);
  writer.zigzag(records.length);
  return [writer.written, records, head.sync];
}

/** Walks through a container whose bytes arrive bit by bit. Offsets are those in `bytes`. */
export class AvroReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Offset behind what was read. */
  get offset(): number {
    return this.#at;
  }

  /**
   * Reads the head; undefined when it is not yet complete.
   * @throws {SyntaxError} when this is no container.
   */
  head(): AvroHead | undefined {
    const bytes = this.#bytes;
    if (MAGIC.some((byte, index) => index < bytes.length && bytes[index] !== byte)) {
      throw new SyntaxError('Not an Avro container: it does not begin with "Obj" 01');
    }
    return this.#complete(() => {
      this.#at = MAGIC.length;
      const metadata = this.#metadata();
      const schema = metadata.get("avro.schema");
      if (schema === undefined) throw new SyntaxError("The Avro head has no avro.schema");
      const sync = this.#take(SYNC_BYTES).slice();
      return { schema, codec: metadata.get("avro.codec") ?? "null", sync, metadata };
    });
  }

  /**
   * Finds the next block; undefined when it is not yet complete.
   * @throws {SyntaxError} when it does not end with the file's sync marker, or is longer than the limit.
   */
  block(head: AvroHead, maxBytes: number): AvroBlock | undefined {
    const from = this.#at;
    return this.#complete(() => {
      const count = this.#long();
      const size = this.#long();
      if (count < 0 || size < 0 || size > maxBytes) {
        throw new SyntaxError(
          `Byte ${from}: an Avro block of ${count} records and ${size} bytes, at most ${maxBytes} are read`,
        );
      }
      const start = this.#at;
      this.#take(size);
      const sync = this.#take(SYNC_BYTES);
      if (sync.some((byte, index) => byte !== head.sync[index])) {
        throw new SyntaxError(`Byte ${start + size}: the sync marker of an Avro block is damaged`);
      }
      return { count, start, end: start + size, next: this.#at };
    });
  }

  #metadata(): Map<string, string> {
    const metadata = new Map<string, string>();
    for (let count = this.#long(); count !== 0; count = this.#long()) {
      // A negative count is followed by the length of the entries in bytes.
      if (count < 0) this.#long();
      for (let n = Math.abs(count); n > 0; n--) metadata.set(this.#text(), this.#text());
    }
    return metadata;
  }

  #text(): string {
    const length = this.#long();
    if (length < 0 || length > MAX_HEAD_BYTES) {
      throw new SyntaxError(`The Avro head has a text of ${length} bytes`);
    }
    return Buffer.from(this.#take(length)).toString("utf8");
  }

  #take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw INCOMPLETE;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #long(): number {
    let [raw, shift] = [0n, 0n];
    for (let more = true; more; shift += 7n) {
      const byte = this.#take(1)[0]!;
      if (shift > 63n) throw new SyntaxError(`Byte ${this.#at}: an Avro number of more than ten bytes`);
      raw |= BigInt(byte & 0x7F) << shift;
      more = byte > 0x7F;
    }
    return Number(raw >> 1n ^ -(raw & 1n));
  }

  #complete<T>(read: () => T): T | undefined {
    const from = this.#at;
    try {
      return read();
    } catch (thrown) {
      if (thrown !== INCOMPLETE) throw thrown;
      this.#at = from;
    }
  }
}

/** Thrown inside the reader when the bytes end too early. */
const INCOMPLETE = new RangeError("More bytes are needed");
