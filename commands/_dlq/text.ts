import { errorText } from "../../core/mod.ts";

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A body as text; undefined when it is not UTF-8. */
export function decodeText(body: Uint8Array): string | undefined {
  try {
    return STRICT_UTF8.decode(body);
  } catch {
    return undefined;
  }
}

/** A number with its word: `1 file`, `2 files`. */
export function count(number: number, word: string): string {
  return `${number.toLocaleString("en-US")} ${word}${number === 1 ? "" : "s"}`;
}

/** Says that a file is left out, and why. */
export function unreadable(path: string, cause: unknown): string {
  return `warning: "${path}" cannot be read: ${errorText(cause)}`;
}

/** Text on one line; what could steer a terminal is written as JSON writes it. */
export function plainText(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) =>
      character === "\n"
        ? "\\n"
        : character === "\t"
        ? "\\t"
        : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
