type DecodeText = (bytes: Uint8Array) => string;

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

/** The charset that `charset` or the content type names; UTF-8 otherwise. Lower case. */
export function charsetOf(about: Readonly<Record<string, string>>): string {
  const named = about.charset ?? /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(about["content-type"] ?? "")?.[1];
  const charset = (named ?? "utf-8").toLowerCase();
  return charset === "utf8" || charset === "us-ascii" ? "utf-8" : charset;
}

/**
 * Finds the decoder of a charset that JSON may come in.
 * @throws {SyntaxError} for any charset but UTF-8, UTF-16 and UTF-32, as in Flume.
 */
export function textDecoder(charset: string): DecodeText {
  const decode = DECODERS.get(charset);
  if (!decode) {
    throw new SyntaxError(`Charset "${charset}" is not allowed for JSON: send UTF-8, UTF-16 or UTF-32`);
  }
  return decode;
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
