import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document, Node, YAMLMap } from "yaml";
import { errorText } from "../core/errors.ts";
import type { Complaint, Report } from "./diagnostics.ts";
import type { Place, TreeEntry, TreeNode } from "./tree.ts";

const MAX_NODES = 100_000;
const MAX_DEPTH = 64;
const START: Place = { line: 1, column: 1 };
const FIXES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "indent with spaces",
  BAD_INDENT: "close all brackets, and let neighbours start in the same column",
  MISSING_CHAR: "close what was opened, or quote the text",
  BLOCK_AS_IMPLICIT_KEY: "put a quote around a text that holds `: `",
  MULTILINE_IMPLICIT_KEY: "put a `:` and a blank behind the key",
  BAD_ALIAS: "define the anchor (&name) in front of its use (*name)",
  MULTIPLE_DOCS: "keep one pipeline in a file, or use `agents:` for several",
};

/** Reads YAML into the neutral tree, `file` into its places; nothing when it is no YAML. */
export function readYaml(text: string, report: Report, file?: string): TreeNode | undefined {
  const lines = new LineCounter();
  const start = { ...START, ...file !== undefined && { file } };
  const document = parse(text, lines, (complaint) => report.error("yaml-syntax", start, complaint));
  if (!document) return undefined;
  const reader = new YamlReader(document, { lines, file }, report);
  for (const warning of document.warnings) {
    report.warning("yaml-tag", reader.at(warning.pos[0]), { text: warning.message, fix: "remove the tag" });
  }
  for (const { code, message: text, pos } of document.errors) {
    const fix = FIXES[code];
    report.error("yaml-syntax", reader.at(pos[0]), { text, ...fix ? { fix } : {} });
  }
  if (document.errors.length > 0) return undefined;
  const root = document.contents;
  if (root === null) return { place: start, scalar: { text: "", value: null } };
  const tree = reader.read(root, 0);
  return reader.isTooLarge ? undefined : tree;
}

function parse(
  text: string,
  lineCounter: LineCounter,
  refuse: (complaint: Complaint) => void,
): Document | undefined {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, logLevel: "silent" });
  } catch (cause) {
    refuse({ text: `The file cannot be read as YAML: ${errorText(cause)}` });
    return undefined;
  }
}

class YamlReader {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #file: string | undefined;
  readonly #report: Report;
  #nodes = 0;
  /** Part of the file was left out. */
  isTooLarge = false;

  constructor(
    document: Document,
    from: { readonly lines: LineCounter; readonly file: string | undefined },
    report: Report,
  ) {
    this.#document = document;
    this.#lines = from.lines;
    this.#file = from.file;
    this.#report = report;
  }

  at(offset: number | undefined): Place {
    const { line, col } = this.#lines.linePos(offset ?? 0);
    const place = { line: Math.max(1, line), column: Math.max(1, col) };
    return this.#file === undefined ? place : { ...place, file: this.#file };
  }

  read(node: unknown, depth: number): TreeNode {
    const place = this.at((node as Node | null)?.range?.[0]);
    if (this.#isBeyond(place, depth)) return { place, scalar: { text: "", value: null } };
    if (isAlias(node)) return { ...this.read(node.resolve(this.#document), depth + 1), place };
    if (isMap(node)) return { place, entries: this.#entries(node, depth) };
    if (isSeq(node)) return { place, elements: node.items.map((element) => this.read(element, depth + 1)) };
    if (!isScalar(node)) return { place, scalar: { text: "", value: null } };
    // `type: null` names the null sink, although YAML reads the word as no value.
    if (node.value === null) {
      return { place, scalar: { text: node.source === "null" ? "null" : "", value: null } };
    }
    const { value, source } = node;
    if (typeof value === "string") return { place, scalar: { text: value, value } };
    if (typeof value !== "number" && typeof value !== "boolean") {
      return { place, scalar: { text: String(source ?? value), value: String(source ?? value) } };
    }
    return { place, scalar: { text: source ?? String(value), value } };
  }

  #entries(map: YAMLMap, depth: number): TreeEntry[] {
    const entries = new Map<string, TreeEntry>();
    const merged: TreeEntry[] = [];
    for (const { key, value } of map.items) {
      const place = this.at((key as Node | null)?.range?.[0]);
      const name = keyText(key);
      if (name === undefined) {
        this.#report.error("bad-key", place, { text: "A key must be plain text", fix: "write `key: value`" });
        continue;
      }
      const node = value === null
        ? { place, scalar: { text: "", value: null } }
        : this.read(value, depth + 1);
      if (name === "<<") {
        merged.push(...node.entries ?? node.elements?.flatMap((part) => part.entries ?? []) ?? []);
      } else if (entries.has(name)) this.#complainTwice(name, place, entries.get(name)!.place);
      else entries.set(name, { key: name, place, node });
    }
    for (const entry of merged) if (!entries.has(entry.key)) entries.set(entry.key, entry);
    return [...entries.values()];
  }

  #complainTwice(name: string, place: Place, first: Place): void {
    this.#report.error("duplicate-name", place, {
      text: `"${name}" stands here a second time; the first is in line ${first.line}`,
      fix: "remove one of the two, or rename it",
    });
  }

  #isBeyond(place: Place, depth: number): boolean {
    if (++this.#nodes <= MAX_NODES && depth <= MAX_DEPTH) return false;
    if (this.isTooLarge) return true;
    this.isTooLarge = true;
    const text = depth > MAX_DEPTH
      ? `The file nests deeper than ${MAX_DEPTH} levels`
      : `The file holds more than ${MAX_NODES} values, aliases counted each time`;
    this.#report.error("too-large", place, { text, fix: "use fewer aliases (*name)" });
    return true;
  }
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  const text = typeof key.value === "string" ? key.value : key.source ?? String(key.value ?? "");
  return text.trim() === "" ? undefined : text;
}
