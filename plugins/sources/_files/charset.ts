import { isUtf8 } from "node:buffer";
import { type Decoded, type Decoder, EventBatch, splitLines } from "sluice/plugin";

/** What becomes of bytes that are not text in the charset. */
export type DecodePolicy = "FAIL" | "REPLACE" | "IGNORE";

const UTF8 = new TextEncoder();
const NOT_TEXT = "Bytes are not text in the given charset";

/** Tells whether text of this charset can be read; the names are those of the WHATWG Encoding standard. */
export function knowsCharset(charset: string): boolean {
  try {
    return new TextDecoder(charset).encoding !== "";
  } catch {
    return false;
  }
}

/** Wraps a decoder of UTF-8 so that it reads text in another charset, and treats bad bytes as the policy says. */
export function charsetDecoder(decoder: Decoder, charset: string, policy: DecodePolicy): Decoder {
  const { encoding } = new TextDecoder(charset);
  const convert = converter(encoding, policy);
  if (encoding.startsWith("utf-16")) return wideDecoder(decoder, convert);
  return {
    ...limitsOf(decoder),
    async decode(bytes, last) {
      const decoded = await decoder.decode(bytes, last);
      const taken = bytes.subarray(0, decoded.consumedBytes);
      if (encoding === "utf-8" && isUtf8(taken)) return decoded;
      return convertBodies({ decoded, taken, convert });
    },
  };
}

type Convert = (bytes: Uint8Array) => Uint8Array<ArrayBuffer>;

function limitsOf({ maxEventBytes, needsStart }: Decoder): Omit<Decoder, "decode"> {
  return needsStart === undefined ? { maxEventBytes } : { maxEventBytes, needsStart };
}

/** @throws {TypeError} from the converter, for bad bytes under FAIL. */
function converter(encoding: string, policy: DecodePolicy): Convert {
  const text = new TextDecoder(encoding, { fatal: policy === "FAIL", ignoreBOM: true });
  if (policy !== "IGNORE") return (bytes) => UTF8.encode(text.decode(bytes));
  return (bytes) => UTF8.encode(text.decode(bytes).replaceAll("\uFFFD", ""));
}

/** In a charset whose newline is one byte the lines are found first, and then only the bodies are converted. */
function convertBodies(
  { decoded, taken, convert }: { decoded: Decoded; taken: Uint8Array; convert: Convert },
): Decoded {
  const { batch, consumedBytes } = decoded;
  if (batch.layout === "dense" && batch.block.buffer === taken.buffer) {
    const lines = convertWhole(taken, convert);
    if (lines?.size === batch.size) return { batch: batch.withBodies(lines), consumedBytes };
  }
  const bodies: Uint8Array[] = [];
  try {
    for (let index = 0; index < batch.size; index++) bodies.push(convert(batch.body(index)));
  } catch {
    return beforeBadBytes(decoded, bodies, taken);
  }
  return { batch: batch.withBodies(EventBatch.ofBodies(bodies)), consumedBytes };
}

function convertOrThrow(bytes: Uint8Array, convert: Convert) {
  try {
    return convert(bytes);
  } catch (cause) {
    throw new SyntaxError(NOT_TEXT, { cause });
  }
}

function convertWhole(taken: Uint8Array, convert: Convert) {
  try {
    const block = convert(taken);
    return { block, ...splitLines(block) };
  } catch {
    return undefined;
  }
}

/** Gives the events before the bad one, so that nothing but the bad one is left; it throws when it comes first. */
function beforeBadBytes({ batch }: Decoded, good: readonly Uint8Array[], taken: Uint8Array): Decoded {
  if (good.length === 0 || batch.block.buffer !== taken.buffer) throw new SyntaxError(NOT_TEXT);
  const badOffset = batch.starts[good.length]! - (taken.byteOffset - batch.block.byteOffset);
  const bodies = EventBatch.ofBodies(good);
  return { batch: batch.slice(0, good.length).withBodies(bodies), consumedBytes: badOffset };
}

/** UTF-16 is converted before lines are looked for; each of its code units takes two bytes, so offsets agree again. */
function wideDecoder(decoder: Decoder, convert: Convert): Decoder {
  const text = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    ...limitsOf(decoder),
    async decode(bytes, last) {
      const whole = bytes.subarray(0, last ? bytes.length : bytes.length & ~1);
      const narrow = convertOrThrow(whole, convert);
      const { batch, consumedBytes } = await decoder.decode(narrow, last);
      if (consumedBytes === narrow.length) return { batch, consumedBytes: whole.length };
      return { batch, consumedBytes: text.decode(narrow.subarray(0, consumedBytes)).length * 2 };
    },
  };
}
