import { AvroReader } from "../../../protocols/avro_container.ts";

/** How far Flume had read the file that it was reading. */
export interface FlumeTracker {
  /** The path as Flume was told it. */
  readonly file: string;
  /** Bytes. */
  readonly offset: number;
}

/** A block holds one number. */
const MAX_BLOCK_BYTES = 1024;

/**
 * Reads `.flumespool-main.meta`: an Avro container that gets a block `{offset: long}` after each batch; its metadata names
 * the file. The last whole block counts, for a crash may have cut the one behind it.
 * @throws {SyntaxError} when it is none.
 */
export function readFlumeTracker(bytes: Uint8Array): FlumeTracker {
  const reader = new AvroReader(bytes);
  const head = reader.head();
  const file = head?.metadata?.get("file");
  if (!head || file === undefined) throw new SyntaxError("The tracker file does not name a file");
  let offset = 0;
  for (let block = reader.block(head, MAX_BLOCK_BYTES); block; block = reader.block(head, MAX_BLOCK_BYTES)) {
    if (block.count > 0) offset = readVarint(bytes, lastNumber(bytes, block.start, block.end)).value;
  }
  return { file, offset };
}

/** Reads a zig-zag varint, the `long` of Avro's binary encoding. */
export function readVarint(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let [raw, factor, next] = [0, 1, at];
  for (; next < bytes.length && next < at + 10; factor *= 128) {
    const byte = bytes[next++]!;
    raw += (byte & 0x7F) * factor;
    if (byte < 0x80) return { value: raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2, next };
  }
  throw new SyntaxError(`Byte ${at}: a number goes beyond the end`);
}

/** Where the last number of a block begins: behind the last byte but one that ends a number. */
function lastNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = end - 1;
  while (at > start && bytes[at - 1]! > 0x7F) at--;
  return at;
}
