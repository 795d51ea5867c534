// Reads Kafka's primitive types (protocol guide, "Protocol Primitive Types") without copying.
import { KafkaError } from "../kafka_error.ts";

const TEXT = new TextDecoder();

/** Reads from the front of bytes to their end. Every read beyond it is a `KafkaError`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  /** An offset as a number. @throws {KafkaError} beyond 2^53, where numbers are no longer exact. */
  offset(): number {
    const offset = Number(this.int64());
    if (Number.isSafeInteger(offset)) return offset;
    throw new KafkaError(`An offset of ${offset} is larger than can be counted`, { code: "FRAME" });
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#take(1)]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw cutOff(this.#at);
  }

  /** As brokers and the library write it. */
  uuid(): string {
    const at = this.#take(16);
    const hex = this.#bytes.subarray(at, at + 16).toHex();
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  }

  /** The next bytes; they are part of what is read. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A text whose length stands before it in two bytes. */
  text(): string {
    return TEXT.decode(this.bytes(this.int16()));
  }

  compactText(): string {
    return TEXT.decode(this.bytes(Math.max(this.unsignedVarint() - 1, 0)));
  }

  /** The entries of an array whose size stands before them in four bytes. */
  array<T>(read: () => T): T[] {
    return this.#entries(this.int32(), read);
  }

  /** The entries of an array of a flexible version; its entries end with tags unless they are primitive. */
  compactArray<T>(read: () => T, isPrimitive = false): T[] {
    return this.#entries(this.unsignedVarint() - 1, () => {
      const entry = read();
      if (!isPrimitive) this.skipTags();
      return entry;
    });
  }

  skipTags(): void {
    for (let count = this.unsignedVarint(); count > 0; count--) {
      this.unsignedVarint();
      this.#take(this.unsignedVarint());
    }
  }

  #entries<T>(size: number, read: () => T): T[] {
    const entries: T[] = [];
    // Not allocated ahead: what is announced may be a lie, and ends with the bytes.
    for (let count = 0; count < size; count++) entries.push(read());
    return entries;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length < 0 || at + length > this.#bytes.length) throw cutOff(at);
    this.#at += length;
    return at;
  }
}

function cutOff(at: number): KafkaError {
  return new KafkaError(`An answer is cut off at its byte ${at}`, { code: "FRAME" });
}
