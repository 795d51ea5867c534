import { Refusal } from "./refusal.ts";

type DecodeText = (bytes: Uint8Array) => string;

const UTF16_LE = new TextDecoder("utf-16le");
const UTF16_BE = new TextDecoder("utf-16be");
// A byte order mark that some clients put first is not JSON.
const UTF8 = new TextDecoder("utf-8");

const DECODERS: Readonly<Record<string, DecodeText>> = {
  "utf-8": decodeUtf8,
  utf8: decodeUtf8,
  "us-ascii": decodeUtf8,
  "utf-16": (bytes) =>
    bytes[0] === 0xFF && bytes[1] === 0xFE ? UTF16_LE.decode(bytes) : UTF16_BE.decode(bytes),
  "utf-16le": (bytes) => UTF16_LE.decode(bytes),
  "utf-16be": (bytes) => UTF16_BE.decode(bytes),
  "utf-32": decodeUtf32,
};

/**
 * Finds the decoder of a charset that JSON may come in.
 * @throws {Refusal} 415 for any charset but UTF-8, UTF-16 and UTF-32.
 */
export function textDecoder(charset: string): DecodeText {
  const decoder = DECODERS[charset.toLowerCase()];
  if (!decoder) throw new Refusal(415, `Charset "${charset}" is not known: send UTF-8, UTF-16 or UTF-32`);
  return decoder;
}

/** Bad bytes become U+FFFD. */
function decodeUtf8(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

function decodeUtf32(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length % 4 !== 0) throw new Refusal(400, `${bytes.length} bytes cannot be UTF-32`);
  const isLittle = bytes.length > 0 && view.getUint32(0, true) === 0xFEFF;
  const parts: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += 4) {
    const point = view.getUint32(offset, isLittle);
    if (offset === 0 && point === 0xFEFF) continue;
    parts.push(point > 0x10FFFF ? "\uFFFD" : String.fromCodePoint(point));
  }
  return parts.join("");
}
