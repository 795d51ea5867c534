import { Buffer } from "node:buffer";
import { ByteWriter } from "../byte_writer.ts";
import { type CallHead, type ThriftProtocol, TYPES } from "./types.ts";

/** Writes what this service needs of a protocol. Strings that are UTF-8 already go to `bytes` behind their length. */
export interface ThriftWriter {
  readonly bytes: ByteWriter;
  /** Writes what stands before the arguments or the result. */
  head(head: CallHead): void;
  /** Starts a struct; gives what `leave` wants back. */
  enter(): number;
  /** Ends a struct. */
  leave(outer: number): void;
  field(type: number, id: number): void;
  /** Writes the header of a list of structs. */
  structs(size: number): void;
  /** Writes the header of a map from text to text. */
  texts(size: number): void;
  i32(value: number): void;
  length(bytes: number): void;
  text(value: string): void;
}

const { struct, binary } = TYPES;
const COMPACT_TYPES: Readonly<Record<number, number>> = {
  [TYPES.i32]: 5,
  [TYPES.binary]: 8,
  [TYPES.list]: 9,
  [TYPES.map]: 11,
  [TYPES.struct]: 12,
};

/**
 * Writes the compact protocol.
 *
 * ```text
 * head    82  kind << 5 | 1  varint sequence  varint length, name
 * field   id - last id << 4 | type, when that difference is 1 to 15; else  type  zigzag id;  00 ends a struct
 * list    size << 4 | type, below 15;  else  F0 | type  varint size
 * map     00 when empty;  else  varint size  key type << 4 | value type
 * text    varint length, UTF-8          i32  zigzag varint
 * ```
 */
export class CompactWriter implements ThriftWriter {
  readonly bytes = new ByteWriter();
  #lastId = 0;

  head({ kind, name, sequence }: CallHead): void {
    this.bytes.byte(0x82);
    this.bytes.byte(kind << 5 | 1);
    this.length(sequence);
    this.text(name);
  }

  enter(): number {
    const outer = this.#lastId;
    this.#lastId = 0;
    return outer;
  }

  leave(outer: number): void {
    this.#lastId = outer;
    this.bytes.byte(0);
  }

  field(type: number, id: number): void {
    const wire = COMPACT_TYPES[type]!;
    const step = id - this.#lastId;
    if (step > 0 && step < 16) this.bytes.byte(step << 4 | wire);
    else {
      this.bytes.byte(wire);
      this.i32(id);
    }
    this.#lastId = id;
  }

  structs(size: number): void {
    const wire = COMPACT_TYPES[struct]!;
    this.bytes.byte((size < 15 ? size : 15) << 4 | wire);
    if (size >= 15) this.length(size);
  }

  texts(size: number): void {
    this.length(size);
    if (size > 0) this.bytes.byte(0x11 * COMPACT_TYPES[binary]!);
  }

  i32(value: number): void {
    this.length(value << 1 ^ value >> 31);
  }

  length(bytes: number): void {
    let rest = bytes >>> 0;
    for (; rest > 0x7F; rest >>>= 7) this.bytes.byte(rest & 0x7F | 0x80);
    this.bytes.byte(rest);
  }

  text(value: string): void {
    const { bytes } = this;
    // Its length takes one byte, whatever the characters are.
    if (value.length < 42) {
      const at = bytes.length;
      bytes.byte(0);
      bytes.text(value);
      bytes.reserve(0)[at] = bytes.length - at - 1;
      return;
    }
    this.length(Buffer.byteLength(value));
    bytes.text(value);
  }
}

/**
 * Writes the binary protocol; all numbers are big-endian.
 *
 * ```text
 * head    80 01 00 kind  i32 length, name  i32 sequence
 * field   type  i16 id;  00 ends a struct
 * list    type  i32 size
 * map     key type  value type  i32 size
 * text    i32 length, UTF-8
 * ```
 */
export class BinaryWriter implements ThriftWriter {
  readonly bytes = new ByteWriter();

  head({ kind, name, sequence }: CallHead): void {
    this.i32(0x80010000 | kind);
    this.text(name);
    this.i32(sequence);
  }

  enter(): number {
    return 0;
  }

  leave(): void {
    this.bytes.byte(0);
  }

  field(type: number, id: number): void {
    this.bytes.byte(type);
    this.bytes.byte(id >> 8);
    this.bytes.byte(id);
  }

  structs(size: number): void {
    this.bytes.byte(struct);
    this.i32(size);
  }

  texts(size: number): void {
    this.bytes.byte(binary);
    this.bytes.byte(binary);
    this.i32(size);
  }

  i32(value: number): void {
    const at = this.bytes.length;
    putI32(this.bytes.reserve(4), at, value);
    this.bytes.advance(at + 4);
  }

  length(bytes: number): void {
    this.i32(bytes);
  }

  text(value: string): void {
    const at = this.bytes.length;
    this.i32(0);
    this.bytes.text(value);
    putI32(this.bytes.reserve(0), at, this.bytes.length - at - 4);
  }
}

function putI32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >> 24;
  target[at + 1] = value >> 16;
  target[at + 2] = value >> 8;
  target[at + 3] = value;
}

/** Makes what writes frames. */
export function writerOf(protocol: ThriftProtocol): ThriftWriter {
  return protocol === "compact" ? new CompactWriter() : new BinaryWriter();
}

/** Writes one frame behind what is written already: the length of what `write` writes, and that. */
export function writeFrame(writer: ThriftWriter, write: () => void): void {
  const { bytes } = writer;
  const start = bytes.length;
  bytes.reserve(4);
  bytes.advance(start + 4);
  write();
  putI32(bytes.reserve(0), start, bytes.length - start - 4);
}
