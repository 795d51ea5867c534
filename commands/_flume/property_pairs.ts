import { logicalLines } from "../../compiler/properties/lines.ts";

/** A key and a value of a Java properties file, in file order. */
export type PropertyPair = readonly [key: string, value: string];

/** Signs that stand for others behind a backslash. */
const ESCAPES: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };
const PAIR = /^((?:\\[^]|[^\\=: \t\f])*)[ \t\f]*(?:[=:][ \t\f]*)?([^]*)$/;

/** Reads pairs as `java.util.Properties.load` does; what stands behind a value belongs to it. The text is UTF-8. */
export function propertyPairs(text: string): PropertyPair[] {
  return Array.from(logicalLines(text.replace(/^\uFEFF/, ""))).flatMap((line) => {
    if (line.kind !== "property") return [];
    const [, key = "", value = ""] = PAIR.exec(line.pieces.map((piece) => piece.text).join(""))!;
    return [[unescape(key), unescape(value)]];
  });
}

function unescape(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|([^]))/g,
    (_, code?: string, sign?: string) =>
      code === undefined ? ESCAPES[sign!] ?? sign! : String.fromCharCode(parseInt(code, 16)),
  );
}
