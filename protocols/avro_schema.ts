import avsc from "avsc";

/** Steps over one datum and gives the offset behind it. */
type Skip = (bytes: Uint8Array, at: number) => number;

const CRC64_EMPTY = 0xC15D213AA4D7A795n;
const MAX_DEPTH = 1000;

/** A schema, with what is needed to find where each datum ends. */
export class AvroSchema {
  /** As it was written. */
  readonly text: string;
  readonly #type: avsc.Type;
  readonly #skips = new Map<avsc.Type, Skip>();
  readonly #skip: Skip;
  #depth = 0;

  /** @throws {SyntaxError} when the text is no schema. */
  constructor(text: string) {
    this.text = text;
    try {
      this.#type = avsc.Type.forSchema(JSON.parse(text), { wrapUnions: true });
    } catch (cause) {
      throw new SyntaxError(`Not an Avro schema: ${(cause as Error).message}`, { cause });
    }
    this.#skip = this.#skipOf(this.#type);
  }

  /** The CRC-64-AVRO fingerprint of the canonical form in hexadecimal, the low byte first as Java writes it. */
  fingerprint(): string {
    const bytes = new TextEncoder().encode(JSON.stringify(this.#type.schema()));
    let sum = CRC64_EMPTY;
    for (const byte of bytes) sum = sum >> 8n ^ CRC64_TABLE[Number((sum ^ BigInt(byte)) & 0xFFn)]!;
    return Array.from(
      { length: 8 },
      (_, n) => Number(sum >> BigInt(n * 8) & 0xFFn).toString(16).padStart(2, "0"),
    ).join("");
  }

  /**
   * Finds the offset behind the datum that begins at `at`.
   * @throws {SyntaxError} when the bytes end inside it.
   */
  skip(bytes: Uint8Array, at: number): number {
    this.#depth = 0;
    const end = this.#skip(bytes, at);
    if (!(end <= bytes.length)) throw new SyntaxError(`Byte ${at}: an Avro datum goes beyond its block`);
    return end;
  }

  #skipOf(type: avsc.Type): Skip {
    const known = this.#skips.get(type);
    if (known) return known;
    // A schema may hold itself: the step is there before its parts are.
    this.#skips.set(type, (bytes, at) => this.#deeper(() => made(bytes, at)));
    const made = this.#makeSkip(type);
    return made;
  }

  #deeper(step: () => number): number {
    if (++this.#depth > MAX_DEPTH) {
      throw new SyntaxError(`An Avro datum is nested more than ${MAX_DEPTH} deep`);
    }
    const end = step();
    this.#depth--;
    return end;
  }

  #makeSkip(type: avsc.Type): Skip {
    const { types } = avsc;
    if (type instanceof types.RecordType) {
      return inOrder(type.fields.map((field) => this.#skipOf(field.type)));
    }
    if (type instanceof types.ArrayType) return inBlocks(this.#skipOf(type.itemsType));
    if (type instanceof types.MapType) return inBlocks(inOrder([skipBytes, this.#skipOf(type.valuesType)]));
    if (type instanceof types.FixedType) return (_bytes, at) => at + type.size;
    if (type instanceof types.WrappedUnionType) return oneOf(type.types.map((part) => this.#skipOf(part)));
    if (type instanceof types.LogicalType) return this.#skipOf(type.underlyingType);
    const skip = PRIMITIVES[type.typeName];
    if (!skip) throw new SyntaxError(`Avro type "${type.typeName}" is not known`);
    return skip;
  }
}

const PRIMITIVES: Readonly<Record<string, Skip>> = {
  null: (_bytes, at) => at,
  boolean: (_bytes, at) => at + 1,
  float: (_bytes, at) => at + 4,
  double: (_bytes, at) => at + 8,
  int: skipLong,
  long: skipLong,
  enum: skipLong,
  bytes: skipBytes,
  string: skipBytes,
};

function skipLong(bytes: Uint8Array, at: number): number {
  let end = at;
  while (bytes[end]! > 0x7F) end++;
  return end + 1;
}

/** Reads a number that counts or measures; those beyond 2^53 are damage anyway. */
function readLong(bytes: Uint8Array, at: number): number {
  let [raw, factor] = [0, 1];
  for (let from = at; from < bytes.length; from++, factor *= 128) {
    raw += (bytes[from]! & 0x7F) * factor;
    if (bytes[from]! <= 0x7F) break;
  }
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}

function skipBytes(bytes: Uint8Array, at: number): number {
  const length = readLong(bytes, at);
  if (length < 0 || length > bytes.length) {
    throw new SyntaxError(`Byte ${at}: an Avro text of ${length} bytes`);
  }
  return skipLong(bytes, at) + length;
}

function inOrder(skips: readonly Skip[]): Skip {
  return (bytes, at) => {
    let end = at;
    for (const skip of skips) end = skip(bytes, end);
    return end;
  };
}

function oneOf(skips: readonly Skip[]): Skip {
  return (bytes, at) => {
    const branch = readLong(bytes, at);
    const skip = skips[branch];
    if (!skip) throw new SyntaxError(`Byte ${at}: an Avro union has no branch ${branch}`);
    return skip(bytes, skipLong(bytes, at));
  };
}

function inBlocks(skip: Skip): Skip {
  return (bytes, at) => {
    let end = at;
    for (;;) {
      if (end >= bytes.length) throw new SyntaxError(`Byte ${at}: an Avro list has no end`);
      const count = readLong(bytes, end);
      end = skipLong(bytes, end);
      if (count === 0) return end;
      if (Math.abs(count) > bytes.length) {
        throw new SyntaxError(`Byte ${at}: an Avro list of ${count} entries`);
      }
      // A negative count is followed by the length of the entries in bytes.
      if (count < 0) end = skipBytes(bytes, end);
      for (let n = 0; n < count && end <= bytes.length; n++) end = skip(bytes, end);
    }
  };
}

const CRC64_TABLE = Array.from({ length: 256 }, (_, index) => {
  let sum = BigInt(index);
  for (let bit = 0; bit < 8; bit++) sum = sum >> 1n ^ (CRC64_EMPTY & -(sum & 1n));
  return sum;
});
