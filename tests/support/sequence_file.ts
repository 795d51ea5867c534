import { EXPAND } from "./hadoop_codecs.ts";

/** A SequenceFile, read whole. */
export interface ReadSequenceFile {
  readonly version: number;
  readonly keyClass: string;
  readonly valueClass: string;
  readonly codecClass: string | undefined;
  readonly isBlockCompressed: boolean;
  readonly metadata: ReadonlyMap<string, string>;
  readonly sync: Uint8Array;
  readonly rows: readonly { readonly key: number; readonly value: Uint8Array }[];
  /** Where sync markers stand behind the head. */
  readonly syncOffsets: readonly number[];
  /** Rows of each block, of a file that has blocks. */
  readonly blockSizes: readonly number[];
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  GzipCodec: ".gz",
  DefaultCodec: ".deflate",
  DeflateCodec: ".deflate",
  ZStandardCodec: ".zst",
  BZip2Codec: ".bz2",
  SnappyCodec: ".snappy",
  Lz4Codec: ".lz4",
};

/** Reads a SequenceFile of version 6 with keys of LongWritable. */
export function readSequenceFile(bytes: Uint8Array): ReadSequenceFile {
  return new Reader(bytes).file();
}

class Cursor {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) {
      throw new RangeError(`Byte ${this.at}: ${length} bytes are missing`);
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  int(): number {
    this.at += 4;
    return this.#view.getInt32(this.at - 4);
  }

  long(): number {
    this.at += 8;
    return Number(this.#view.getBigInt64(this.at - 8));
  }

  vint(): number {
    const first = this.#view.getInt8(this.at++);
    if (first >= -112) return first;
    return this.take(-112 - first).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  text(): string {
    return new TextDecoder().decode(this.take(this.vint()));
  }
}

class Reader extends Cursor {
  readonly #rows: { key: number; value: Uint8Array }[] = [];
  readonly #syncOffsets: number[] = [];
  readonly #blockSizes: number[] = [];
  #isText = false;
  #expand: ((bytes: Uint8Array) => Uint8Array) | undefined;

  file(): ReadSequenceFile {
    const magic = this.take(4);
    if (String.fromCharCode(...magic.subarray(0, 3)) !== "SEQ") throw new SyntaxError("No SequenceFile");
    const [keyClass, valueClass] = [this.text(), this.text()];
    const [isCompressed, isBlockCompressed] = this.take(2).values().map((byte) => byte === 1);
    const codecClass = isCompressed ? this.text() : undefined;
    const metadata = new Map(Array.from({ length: this.int() }, () => [this.text(), this.text()] as const));
    const sync = this.take(16);
    this.#isText = valueClass.endsWith(".Text");
    if (codecClass) this.#expand = EXPAND[EXTENSIONS[codecClass.split(".").at(-1)!]!];
    while (this.at < this.bytes.length) isBlockCompressed ? this.#block(sync) : this.#row(sync);
    return {
      ...{
        version: magic[3]!,
        keyClass,
        valueClass,
        codecClass,
        isBlockCompressed: isBlockCompressed!,
        metadata,
      },
      ...{ sync, rows: this.#rows, syncOffsets: this.#syncOffsets, blockSizes: this.#blockSizes },
    };
  }

  #row(sync: Uint8Array): void {
    const length = this.int();
    if (length === -1) return this.#sync(sync);
    const keyLength = this.int();
    if (keyLength !== 8) throw new SyntaxError(`Byte ${this.at}: a key of ${keyLength} bytes`);
    const key = this.long();
    const value = this.take(length - keyLength);
    this.#rows.push({ key, value: this.#bodyOf(this.#expand ? this.#expand(value) : value) });
  }

  #block(sync: Uint8Array): void {
    if (this.int() !== -1) throw new SyntaxError(`Byte ${this.at}: no sync marker in front of a block`);
    this.#sync(sync);
    const size = this.vint();
    this.#blockSizes.push(size);
    const [keyLengths, keys, lengths, values] = Array.from({ length: 4 }, () => {
      return new Cursor(this.#expand!(this.take(this.vint())));
    });
    for (let row = 0; row < size; row++) {
      if (keyLengths!.vint() !== 8) throw new SyntaxError("A key that is not 8 bytes long");
      this.#rows.push({ key: keys!.long(), value: this.#bodyOf(values!.take(lengths!.vint())) });
    }
    for (const section of [keyLengths, keys, lengths, values]) {
      if (section!.at !== section!.bytes.length) throw new SyntaxError("A section that is too long");
    }
  }

  #sync(sync: Uint8Array): void {
    this.#syncOffsets.push(this.at - 4);
    const found = this.take(16);
    if (found.some((byte, index) => byte !== sync[index])) {
      throw new SyntaxError(`Byte ${this.at}: a wrong sync marker`);
    }
  }

  #bodyOf(value: Uint8Array): Uint8Array {
    const cursor = new Cursor(value);
    const length = this.#isText ? cursor.vint() : cursor.int();
    if (cursor.at + length !== value.length) {
      throw new SyntaxError(`A value of ${value.length} bytes says ${length}`);
    }
    return cursor.take(length);
  }
}
