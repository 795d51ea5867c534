import { Buffer } from "node:buffer";
import { ConfigError } from "sluice/plugin";

/** Charsets that bodies may be written in, by the names of Flume's files. */
export const OUTPUT_CHARSETS = ["UTF-8", "US-ASCII", "ISO-8859-1", "UTF-16", "UTF-16BE", "UTF-16LE"] as const;
/** One of them. */
export type OutputCharset = (typeof OUTPUT_CHARSETS)[number];

const ENCODERS: Readonly<Record<OutputCharset, (text: string) => Uint8Array>> = {
  "UTF-8": (text) => Buffer.from(text, "utf8"),
  // What a charset cannot say is a question mark, as in Java.
  "US-ASCII": (text) => Buffer.from(text.replace(/[^\0-\x7F]/gu, "?"), "latin1"),
  "ISO-8859-1": (text) => Buffer.from(text.replace(/[^\0-\xFF]/gu, "?"), "latin1"),
  "UTF-16": (text) => text === "" ? Buffer.alloc(0) : Buffer.from(`\uFEFF${text}`, "utf16le").swap16(),
  "UTF-16BE": (text) => Buffer.from(text, "utf16le").swap16(),
  "UTF-16LE": (text) => Buffer.from(text, "utf16le"),
};

/**
 * Makes the function that turns bytes of one charset into bytes of another; undefined when nothing changes.
 * @throws {ConfigError} for a charset that is unknown, or whose line breaks are not single bytes.
 */
export function transcoder(
  input: string,
  output: OutputCharset,
): ((body: Uint8Array) => Uint8Array) | undefined {
  const from = input.toLowerCase();
  if (output === "UTF-8" && /^(utf-?8|us-ascii|ascii)$/.test(from)) return undefined;
  if (/^utf-?(16|32)/.test(from)) {
    throw new ConfigError(`Lines cannot be found in charset "${input}": convert the input to UTF-8 first`);
  }
  const encode = ENCODERS[output];
  const decoder = decoderOf(input);
  return (body) => encode(decoder.decode(body));
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset, { ignoreBOM: true });
  } catch (cause) {
    throw new ConfigError(`Charset "${charset}" is not known: write its WHATWG name, such as windows-1252`, {
      cause,
    });
  }
}
