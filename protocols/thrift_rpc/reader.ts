import { Buffer } from "node:buffer";
import { type CallHead, TYPES } from "./types.ts";

/** Structs and containers within each other; Thrift's own limit. */
const MAX_DEPTH = 64;
/** Longest name of a method that is taken. */
const MAX_NAME_BYTES = 1024;

/**
 * Reads values of one frame, in either protocol. What was announced is checked against the bytes that are there, so
 * nothing is allocated, and no loop run, on the word of a peer. Every method throws a RangeError with the offset on
 * bytes that are no Thrift.
 */
export abstract class ThriftReader {
  readonly bytes: Buffer;
  /** Where the next value starts; callers may move it over bytes whose length they have read. */
  offset = 0;
  /** Of the field read last. */
  fieldType = 0;
  fieldId = 0;
  /** Of the container read last. */
  size = 0;
  elementType = 0;
  keyType = 0;

  constructor(frame: Uint8Array) {
    this.bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  }

  /** Reads what stands before the arguments. */
  abstract head(): CallHead;
  /** Starts a struct; gives what `leave` wants back. */
  abstract enter(): number;
  abstract leave(outer: number): void;
  /** Reads the header of the next field into `fieldType` and `fieldId`; false at the end of the struct. */
  abstract field(): boolean;
  /** Reads the header of a list or set into `size` and `elementType`. */
  abstract list(): void;
  /** Reads the header of a map into `size`, `keyType` and `elementType`. */
  abstract map(): void;
  abstract i32(): number;
  /** Reads the length of a binary value, which then starts at `offset`. */
  abstract length(): number;
  protected abstract skipNumber(type: number): void;

  /** Bytes that have not been read. */
  get left(): number {
    return this.bytes.length - this.offset;
  }

  text(): string {
    const length = this.length();
    return this.bytes.toString("utf8", this.offset, this.offset += length);
  }

  /** Goes over a value that nobody wants. */
  skip(type: number, depth = 0): void {
    if (depth > MAX_DEPTH) throw this.fault(`more than ${MAX_DEPTH} values within each other`);
    switch (type) {
      case TYPES.none:
        return;
      case TYPES.bool:
      case TYPES.i8:
        return this.pass(1);
      case TYPES.i16:
      case TYPES.i32:
      case TYPES.i64:
        return this.skipNumber(type);
      case TYPES.double:
        return this.pass(8);
      case TYPES.uuid:
        return this.pass(16);
      case TYPES.binary:
        return this.pass(this.length());
      case TYPES.struct:
        return this.#skipStruct(depth + 1);
      case TYPES.map:
        return this.#skipMap(depth + 1);
      case TYPES.set:
      case TYPES.list:
        return this.#skipList(depth + 1);
      default:
        throw this.fault(`unknown type ${type}`);
    }
  }

  /** Says what is wrong with the bytes before `offset`. */
  fault(text: string): RangeError {
    return new RangeError(`No Thrift: ${text} at offset ${this.offset} of ${this.bytes.length}`);
  }

  protected pass(bytes: number): void {
    if (bytes > this.left) throw this.fault(`${bytes} bytes announced, ${this.left} left`);
    this.offset += bytes;
  }

  protected byte(): number {
    const byte = this.bytes[this.offset];
    if (byte === undefined) throw this.fault("the end is missing");
    this.offset++;
    return byte;
  }

  /** An element takes one byte at least. */
  protected checkSize(bytes: number): void {
    if (bytes < 0 || bytes > this.left) throw this.fault(`${bytes} bytes announced, ${this.left} left`);
  }

  protected name(): string {
    const length = this.length();
    if (length > MAX_NAME_BYTES) throw this.fault(`a method name of ${length} bytes`);
    return this.bytes.toString("utf8", this.offset, this.offset += length);
  }

  #skipStruct(depth: number): void {
    const outer = this.enter();
    while (this.field()) this.skip(this.fieldType, depth);
    this.leave(outer);
  }

  #skipMap(depth: number): void {
    this.map();
    const { size, keyType, elementType } = this;
    for (let index = 0; index < size; index++) {
      this.skip(keyType, depth);
      this.skip(elementType, depth);
    }
  }

  #skipList(depth: number): void {
    this.list();
    const { size, elementType } = this;
    for (let index = 0; index < size; index++) this.skip(elementType, depth);
  }
}
