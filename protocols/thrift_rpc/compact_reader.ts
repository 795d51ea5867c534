import { ThriftReader } from "./reader.ts";
import { type CallHead, TYPES } from "./types.ts";

const PROTOCOL_ID = 0x82;
const VERSION = 1;
const { none, bool, i8, i16, i32, i64, double, binary, list, set, map, struct, uuid } = TYPES;
/** What the wire's 1 to 13 mean in the header of a field ("Struct encoding") … */
const FIELD_TYPES = [0, none, none, i8, i16, i32, i64, double, binary, list, set, map, struct, uuid];
/** … and in that of a container ("List and Set"). */
const ELEMENT_TYPES = [0, bool, bool, i8, i16, i32, i64, double, binary, list, set, map, struct, uuid];

/** Reads frames of the compact protocol. */
export class CompactReader extends ThriftReader {
  #lastId = 0;

  override head(): CallHead {
    if (this.byte() !== PROTOCOL_ID) throw this.fault("the first byte is not 82");
    const kindAndVersion = this.byte();
    if ((kindAndVersion & 0x1F) !== VERSION) throw this.fault(`version ${kindAndVersion & 0x1F}`);
    const sequence = this.#varint();
    return { kind: kindAndVersion >> 5, name: this.name(), sequence };
  }

  override enter(): number {
    const outer = this.#lastId;
    this.#lastId = 0;
    return outer;
  }

  override leave(outer: number): void {
    this.#lastId = outer;
  }

  override field(): boolean {
    const header = this.byte();
    const type = header & 0x0F;
    if (type === 0) return false;
    this.fieldType = this.#typeOf(FIELD_TYPES, type);
    this.fieldId = header > 0x0F ? this.#lastId + (header >> 4) : this.i32();
    this.#lastId = this.fieldId;
    return true;
  }

  override list(): void {
    const header = this.byte();
    this.elementType = this.#typeOf(ELEMENT_TYPES, header & 0x0F);
    this.size = header >> 4 === 15 ? this.#varint() : header >> 4;
    this.checkSize(this.size);
  }

  override map(): void {
    this.size = this.#varint();
    if (this.size === 0) return;
    const types = this.byte();
    this.keyType = this.#typeOf(ELEMENT_TYPES, types >> 4);
    this.elementType = this.#typeOf(ELEMENT_TYPES, types & 0x0F);
    this.checkSize(this.size < 0 ? this.size : this.size * 2);
  }

  override i32(): number {
    const zigzag = this.#varint();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  override length(): number {
    const length = this.#varint();
    this.checkSize(length);
    return length;
  }

  protected override skipNumber(): void {
    for (let bytes = 1; this.byte() > 0x7F; bytes++) {
      if (bytes === 10) throw this.fault("a number of more than 10 bytes");
    }
  }

  #typeOf(types: readonly number[], wire: number): number {
    const type = types[wire];
    if (!type) throw this.fault(`unknown type ${wire}`);
    return type;
  }

  /** A number of 32 bits ("Integer encoding"); one above 2,147,483,647 comes out negative. */
  #varint(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7F;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    throw this.fault("a number of more than 5 bytes");
  }
}
