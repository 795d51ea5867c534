// A file of keys, little-endian; written once from front to back, and never again after a restart.
// Head:  magic u32 · version u32 · secret 4 × u32 · CRC-32 of the choice of keys u32 · CRC-32 of all this u32
// Chunk: magic u32 · keys u32 · arrival f64 (epoch ms) · CRC-32 of the keys u32 · CRC-32 of all this u32 · keys of 16 bytes
import { crc32 } from "node:zlib";
import { KEY_WORDS } from "./key_hash.ts";

/** What all files of an interceptor begin with. */
export interface KeyFileHead {
  readonly secret: Uint32Array;
  /** What the keys are made of. */
  readonly choice: string;
}

/** Keys that arrived together. */
export interface KeyChunk {
  readonly words: Uint32Array;
  readonly timeMs: number;
}

const FILE_MAGIC = 0x4b534c53;
const CHUNK_MAGIC = 0x4b4e4843;
const VERSION = 1;
const FILE_HEAD_BYTES = 32;
const CHUNK_HEAD_BYTES = 24;
const KEY_BYTES = KEY_WORDS * 4;

/** The first bytes of a file. */
export function encodeHead({ secret, choice }: KeyFileHead): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(FILE_HEAD_BYTES));
  view.setUint32(0, FILE_MAGIC, true);
  view.setUint32(4, VERSION, true);
  for (let word = 0; word < KEY_WORDS; word++) view.setUint32(8 + word * 4, secret[word]!, true);
  view.setUint32(24, crc32(choice), true);
  view.setUint32(28, crc32(bytesOf(view, 0, 28)), true);
  return new Uint8Array(view.buffer);
}

/** The secret of a file; nothing when it is not a whole file of keys of this choice. */
export function decodeHead(file: Uint8Array, choice: string): Uint32Array | undefined {
  if (file.length < FILE_HEAD_BYTES) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const isOurs = view.getUint32(0, true) === FILE_MAGIC && view.getUint32(4, true) === VERSION;
  if (!isOurs || view.getUint32(28, true) !== crc32(bytesOf(view, 0, 28))) return undefined;
  if (view.getUint32(24, true) !== crc32(choice)) return undefined;
  return Uint32Array.from({ length: KEY_WORDS }, (_, word) => view.getUint32(8 + word * 4, true));
}

/** The bytes of some chunks. */
export function encodeChunks(chunks: readonly KeyChunk[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(
    chunks.reduce((sum, { words }) => sum + CHUNK_HEAD_BYTES + words.length * 4, 0),
  );
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const { words, timeMs } of chunks) {
    const keys = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    view.setUint32(offset, CHUNK_MAGIC, true);
    view.setUint32(offset + 4, words.length / KEY_WORDS, true);
    view.setFloat64(offset + 8, timeMs, true);
    view.setUint32(offset + 16, crc32(keys), true);
    view.setUint32(offset + 20, crc32(bytesOf(view, offset, 20)), true);
    bytes.set(keys, offset + CHUNK_HEAD_BYTES);
    offset += CHUNK_HEAD_BYTES + keys.length;
  }
  return bytes;
}

/** The chunks of a file up to its end, or up to where it is torn or damaged. */
export function* decodeChunks(file: Uint8Array): Generator<KeyChunk> {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let offset = FILE_HEAD_BYTES; offset + CHUNK_HEAD_BYTES <= file.length;) {
    if (view.getUint32(offset, true) !== CHUNK_MAGIC) return;
    if (view.getUint32(offset + 20, true) !== crc32(bytesOf(view, offset, 20))) return;
    const from = offset + CHUNK_HEAD_BYTES;
    offset = from + view.getUint32(offset + 4, true) * KEY_BYTES;
    if (offset > file.length) return;
    const keys = file.slice(from, offset);
    if (crc32(keys) !== view.getUint32(from - 8, true)) return;
    yield { words: new Uint32Array(keys.buffer), timeMs: view.getFloat64(from - 16, true) };
  }
}

function bytesOf(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}
