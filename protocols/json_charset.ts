/** Bytes of a whole text → the text. */
export type DecodeText = (bytes: Uint8Array) => string;

const UTF8 = new TextDecoder("utf-8");
const UTF16_LE = new TextDecoder("utf-16le");
const UTF16_BE = new TextDecoder("utf-16be");

const DECODERS: ReadonlyMap<string, DecodeText> = new Map<string, DecodeText>([
  ["utf-8", (bytes) => UTF8.decode(bytes)],
  // Without a byte order mark Java reads the big end first.
  ["utf-16", (bytes) => (bytes[0] === 0xFF && bytes[1] === 0xFE ? UTF16_LE : UTF16_BE).decode(bytes)],
  ["utf-16le", (bytes) => UTF16_LE.decode(bytes)],
  ["utf-16be", (bytes) => UTF16_BE.decode(bytes)],
  ["utf-32", (bytes) => decodeUtf32(bytes, bytes[0] === 0xFF && bytes[1] === 0xFE)],
  ["utf-32le", (bytes) => decodeUtf32(bytes, true)],
  ["utf-32be", (bytes) => decodeUtf32(bytes, false)],
]);

/** The decoder of a charset that JSON may come in, as in Flume: UTF-8, UTF-16 and UTF-32. Bad bytes become U+FFFD. */
export function jsonTextDecoder(charset: string): DecodeText | undefined {
  const name = charset.toLowerCase();
  return DECODERS.get(name === "utf8" || name === "us-ascii" ? "utf-8" : name);
}

function decodeUtf32(bytes: Uint8Array, isLittle: boolean): string {
  if (bytes.length % 4 !== 0) throw new SyntaxError(`${bytes.length} bytes cannot be UTF-32`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let offset = 0; offset < bytes.length; offset += 4) {
    const point = view.getUint32(offset, isLittle);
    if (point === 0xFEFF && offset === 0) continue;
    text += point > 0x10FFFF ? "\uFFFD" : String.fromCodePoint(point);
  }
  return text;
}
