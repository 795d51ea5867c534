import { ThriftReader } from "./reader.ts";
import { type CallHead, TYPES } from "./types.ts";

const VERSION_1 = 0x8001;
const NUMBER_BYTES: Readonly<Record<number, number>> = { [TYPES.i16]: 2, [TYPES.i32]: 4, [TYPES.i64]: 8 };

/** Reads frames of the binary protocol; as in Flume the older head without a version is taken, too ("Message"). */
export class BinaryReader extends ThriftReader {
  override head(): CallHead {
    const first = this.i32();
    if (first >= 0) return this.#oldHead();
    if (first >>> 16 !== VERSION_1) throw this.fault(`version ${first >>> 16 & 0x7FFF}`);
    const name = this.name();
    return { kind: first & 0xFF, name, sequence: this.i32() };
  }

  override enter(): number {
    return 0;
  }

  override leave(): void {}

  override field(): boolean {
    this.fieldType = this.byte();
    if (this.fieldType === TYPES.stop) return false;
    this.fieldId = this.byte() << 24 >> 16 | this.byte();
    return true;
  }

  override list(): void {
    this.elementType = this.byte();
    this.size = this.i32();
    this.checkSize(this.size);
  }

  override map(): void {
    this.keyType = this.byte();
    this.elementType = this.byte();
    this.size = this.i32();
    this.checkSize(this.size < 0 ? this.size : this.size * 2);
  }

  override i32(): number {
    const { bytes, offset } = this;
    this.pass(4);
    return bytes[offset]! << 24 | bytes[offset + 1]! << 16 | bytes[offset + 2]! << 8 | bytes[offset + 3]!;
  }

  override length(): number {
    const length = this.i32();
    this.checkSize(length);
    return length;
  }

  protected override skipNumber(type: number): void {
    this.pass(NUMBER_BYTES[type]!);
  }

  #oldHead(): CallHead {
    this.offset -= 4;
    const name = this.name();
    return { kind: this.byte(), name, sequence: this.i32() };
  }
}
