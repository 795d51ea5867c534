import { stringify } from "yaml";

/** A part of a YAML file to write: a key with its value or with parts below it, or only comments. */
export interface YamlPart {
  /** Lines above, without their `#`. */
  readonly comments?: readonly string[];
  readonly key?: string;
  /** As it is written behind the key. */
  readonly value?: string;
  readonly parts?: readonly YamlPart[];
  /** A comment behind the value. */
  readonly remark?: string | undefined;
  /** An empty line stands above. */
  readonly isApart?: boolean;
}

const PLAIN_NAME = /^[A-Za-z_][\w.-]*$/;
const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const RESERVED = /^(?:true|false|null|yes|no|on|off|~)$/i;

/** Writes parts as the lines of a block map. */
export function yamlLines(parts: readonly YamlPart[], indent = ""): string[] {
  return parts.flatMap((part, index) => {
    const { comments = [], key, value, parts: below = [], remark, isApart } = part;
    const lines = isApart && index > 0 ? [""] : [];
    lines.push(
      ...comments.map((text) => `${indent}#${/^(?:$|#|!)/.test(text) ? "" : " "}${printable(text)}`),
    );
    if (key === undefined) return lines;
    const isEmpty = value === undefined && below.every((part) => part.key === undefined);
    const written = value ?? (isEmpty ? "{}" : "");
    const behind = remark ? ` # ${printable(remark)}` : "";
    lines.push(`${indent}${yamlKey(key)}:${written === "" ? "" : " "}${written}${behind}`);
    return [...lines, ...yamlLines(below, `${indent}  `)];
  });
}

/** A text as a YAML value that means the same text, or the same number. */
export function yamlScalar(text: string): string {
  if (NUMBER.test(text) || /^(?:true|false|True|False|TRUE|FALSE)$/.test(text)) return text;
  // A line break would make a block of it.
  // deno-lint-ignore no-control-regex
  if (!text.isWellFormed() || /[\u0000-\u001F\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/.test(text)) {
    return quoted(text);
  }
  const written = stringify(text, { lineWidth: 0 }).trimEnd();
  return written.includes("\n") ? quoted(text) : written;
}

/** Names as a YAML list. */
export function yamlNames(names: readonly string[]): string {
  const isPlain = (name: string) => PLAIN_NAME.test(name) && !RESERVED.test(name);
  return `[${names.map((name) => isPlain(name) ? name : quoted(name)).join(", ")}]`;
}

function yamlKey(key: string): string {
  return PLAIN_NAME.test(key) && !RESERVED.test(key) ? key : quoted(key);
}

/** JSON is YAML, but for characters that YAML wants escaped. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Control characters would end a comment, or be no YAML. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u0008\u000A-\u001F\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g, "?")
    .trimEnd();
}
