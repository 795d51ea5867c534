// Stored payload: [nonce 12] … [tag 16] around what is sealed; inside, what is compressed begins with its plain length.
// Heads stay readable, so that recovery and finding a position need no key. A frame names its key by the CRC-32 of the
// key's name; frames of old keys open as long as those keys are at hand.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { JournalError } from "./fault.ts";
import type { SealKey } from "./key_file.ts";

export { parseKeyFile, type SealKey } from "./key_file.ts";

/** Flag of a frame head: the payload is compressed. */
export const FLAG_ZSTD = 2;
/** Flag of a frame head: the payload is encrypted. */
export const FLAG_SEALED = 4;
/** No payload may grow beyond this when it is opened, whatever the stored bytes say. */
export const MAX_PLAIN_BYTES = 256 * 1024 * 1024;

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;
const ZSTD_LEVEL = 1;
// Below this the frame of zstd itself takes up what it saves.
const MIN_ZSTD_BYTES = 128;

const FLAG_MORE = 1;
const FLAGS_OFFSET = 9;
const BOUND_FROM = 8;
const BOUND_TO = 48;
const KEY_ID_OFFSET = 52;

/** Compresses and encrypts the payloads of frames, never their heads. */
export interface Seal {
  /**
   * Makes the stored form of a payload. `head` is the frame's head with its bytes 8–47 as they will be written, but for
   * the flags that this answers with.
   */
  close(payload: Uint8Array, head: Uint8Array): SealedPayload;
  /**
   * Gives the payload back; what needs no opening is answered as it is, without a copy.
   * @throws {JournalError} when the key is unknown or wrong, or the bytes cannot be what was stored.
   */
  open(stored: Uint8Array, head: Uint8Array): Uint8Array;
}

/** What is to be written in place of a payload. */
export interface SealedPayload {
  readonly stored: Uint8Array;
  /** To be added to the flags of the head. */
  readonly flags: number;
  /** 0 when no key was used. */
  readonly keyId: number;
}

/** How payloads are stored. */
export interface SealOptions {
  readonly compression: "none" | "zstd";
  /** All keys that frames may need; without any, nothing is encrypted. */
  readonly keys?: readonly SealKey[];
  /** Name of the key for new frames; the first one by default. */
  readonly activeKey?: string;
}

/**
 * Makes the seal for these options; undefined when new payloads are stored as they are.
 * @throws {JournalError} when there is no key of that name.
 */
export function makeSeal(options: SealOptions): Seal | undefined {
  const { compression, keys = [], activeKey } = options;
  const active = activeKey === undefined ? keys[0] : keys.find(({ name }) => name === activeKey);
  if (activeKey !== undefined && active === undefined) {
    const names = keys.map(({ name }) => `"${name}"`).join(", ");
    throw sealError(
      `There is no key "${activeKey}"`,
      names === "" ? "give the key file" : `write one of the key file: ${names}`,
    );
  }
  return compression === "none" && active === undefined ? undefined : new FrameSeal(options, active);
}

class FrameSeal implements Seal {
  readonly #compresses: boolean;
  readonly #keys: ReadonlyMap<number, SealKey>;
  readonly #active: SealKey | undefined;

  constructor({ compression, keys = [] }: SealOptions, active: SealKey | undefined) {
    this.#compresses = compression === "zstd";
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#active = active;
  }

  close(payload: Uint8Array, head: Uint8Array): SealedPayload {
    const compressed = this.#compresses ? compress(payload) : undefined;
    const flags = compressed === undefined ? 0 : FLAG_ZSTD;
    const inner = compressed ?? payload;
    if (this.#active === undefined) return { stored: inner, flags, keyId: 0 };
    const bound = boundBytes(head, flags | FLAG_SEALED);
    return {
      stored: encrypt(inner, this.#active, bound),
      flags: flags | FLAG_SEALED,
      keyId: this.#active.id,
    };
  }

  open(stored: Uint8Array, head: Uint8Array): Uint8Array {
    const flags = head[FLAGS_OFFSET]!;
    const inner = flags & FLAG_SEALED ? this.#decrypt(stored, head) : stored;
    return flags & FLAG_ZSTD ? decompress(inner) : inner;
  }

  #decrypt(stored: Uint8Array, head: Uint8Array): Uint8Array {
    const id = new DataView(head.buffer, head.byteOffset).getUint32(KEY_ID_OFFSET, true);
    const key = this.#keys.get(id);
    if (key === undefined) {
      const known = Array.from(this.#keys.values(), ({ name }) => `"${name}"`).join(", ");
      throw sealError(
        `The payload is encrypted with key id ${hex(id)}, which is not at hand (known: ${known || "none"})`,
        "give the key file that holds the key it was written with; old keys stay in the file",
      );
    }
    return decrypt(stored, key, boundBytes(head, 0));
  }
}

/** Opens what was compressed, and refuses what is encrypted: for a journal that stores payloads as they are. */
export const OPEN_ONLY: Seal = new FrameSeal({ compression: "none" }, undefined);

/**
 * The bytes of the head that a tag vouches for. Whether more frames of the group follow is left out: repair clears it
 * when the frame behind was lost.
 */
function boundBytes(head: Uint8Array, addedFlags: number): Uint8Array {
  const bound = head.slice(BOUND_FROM, BOUND_TO);
  const at = FLAGS_OFFSET - BOUND_FROM;
  bound[at] = (bound[at]! | addedFlags) & ~FLAG_MORE;
  return bound;
}

function encrypt(plain: Uint8Array, key: SealKey, bound: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, nonce);
  cipher.setAAD(bound);
  const stored = new Uint8Array(NONCE_BYTES + plain.length + TAG_BYTES);
  stored.set(nonce);
  // GCM encrypts byte for byte: all of it comes from update().
  stored.set(cipher.update(plain), NONCE_BYTES);
  cipher.final();
  stored.set(cipher.getAuthTag(), NONCE_BYTES + plain.length);
  return stored;
}

function decrypt(stored: Uint8Array, key: SealKey, bound: Uint8Array): Uint8Array {
  const end = stored.length - TAG_BYTES;
  if (end < NONCE_BYTES) {
    throw damaged(`An encrypted payload has ${stored.length} bytes, too few for a nonce and a tag`);
  }
  const decipher = createDecipheriv(CIPHER, key.bytes, stored.subarray(0, NONCE_BYTES));
  decipher.setAAD(bound);
  decipher.setAuthTag(stored.subarray(end));
  const plain = bytesOf(decipher.update(stored.subarray(NONCE_BYTES, end)));
  try {
    decipher.final();
  } catch (cause) {
    throw sealError(
      `Key "${key.name}" does not open the payload: it is another key of that name, or the frame was altered`,
      "give the key file that the journal was written with",
      cause,
    );
  }
  return plain;
}

/** [u32 plain bytes][zstd frame]; undefined when that is not smaller. */
function compress(plain: Uint8Array): Uint8Array | undefined {
  if (plain.length < MIN_ZSTD_BYTES) return undefined;
  const params = { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL };
  const compressed = zstdCompressSync(plain, { params, chunkSize: Math.min(plain.length, 256 * 1024) });
  if (LENGTH_BYTES + compressed.length >= plain.length) return undefined;
  const stored = new Uint8Array(LENGTH_BYTES + compressed.length);
  new DataView(stored.buffer).setUint32(0, plain.length, true);
  stored.set(compressed, LENGTH_BYTES);
  return stored;
}

function decompress(stored: Uint8Array): Uint8Array {
  if (stored.length < LENGTH_BYTES) throw damaged(`A compressed payload has only ${stored.length} bytes`);
  const bytes = new DataView(stored.buffer, stored.byteOffset).getUint32(0, true);
  if (bytes < MIN_ZSTD_BYTES || bytes > MAX_PLAIN_BYTES) {
    throw damaged(`A compressed payload of ${bytes} bytes cannot be, the limit is ${MAX_PLAIN_BYTES}`);
  }
  const plain = unpack(stored.subarray(LENGTH_BYTES), bytes);
  // Deno's zstd answers a cut frame with what it has got.
  if (plain.length === bytes) return plain;
  throw damaged(`A compressed payload has ${plain.length} bytes, not the ${bytes} that it names`);
}

function unpack(compressed: Uint8Array, bytes: number): Uint8Array {
  try {
    return bytesOf(zstdDecompressSync(compressed, { maxOutputLength: bytes, chunkSize: bytes }));
  } catch (cause) {
    throw damaged(`A payload of ${bytes} bytes cannot be decompressed`, cause);
  }
}

/** node's buffers slice otherwise than Uint8Array does; whoever reads the payload shall not have to know. */
function bytesOf({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

function damaged(text: string, cause?: unknown): JournalError {
  return sealError(text, "see what can be kept: sluice journal verify FOLDER", cause);
}

/** Where it is, is for the caller to say: it knows file and offset. */
function sealError(text: string, fix: string, cause?: unknown): JournalError {
  return new JournalError(text, { path: "", fix, cause });
}

function hex(id: number): string {
  return id.toString(16).padStart(8, "0");
}
