/** Writes numbers of any number of bits one behind the other, the highest bit first. */
export class BitWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;
  /** Bits that do not yet make a byte, at the low end. */
  #rest = 0;
  #restBits = 0;

  /** Writes the low `bits` of a number: 24 at most. */
  write(bits: number, value: number): void {
    if (this.#length + 4 > this.#bytes.length) this.#grow();
    this.#rest = this.#rest << bits | value;
    this.#restBits += bits;
    while (this.#restBits >= 8) {
      this.#restBits -= 8;
      this.#bytes[this.#length++] = this.#rest >>> this.#restBits;
    }
  }

  /** Writes 32 bits. */
  writeWord(value: number): void {
    this.write(16, value >>> 16);
    this.write(16, value & 0xFFFF);
  }

  /** Fills the last byte with zeros. */
  align(): void {
    if (this.#restBits > 0) this.write(8 - this.#restBits, 0);
  }

  /** Hands over the whole bytes that were written since the last time; bits of an unfinished byte stay. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
