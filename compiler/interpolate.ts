import { errorText } from "../core/errors.ts";
import { didYouMean } from "./nearest.ts";
import type { Complaint, Report } from "./diagnostics.ts";
import { type Place, scalarOf, type TreeNode } from "./tree.ts";

const MAX_FILE_CHARACTERS = 1024 * 1024;
const MAX_NESTING = 16;

/** Where the values of `${…}` come from, and a list of what was asked for. */
export interface Lookups {
  env(name: string): string | undefined;
  /** Reads a file named in `${file:…}`, relative to the pipeline file. */
  readText(path: string): Promise<string>;
  readonly usedEnv: Set<string>;
}

/** Replaces `${NAME}`, `${NAME:-default}`, `${env:NAME}` and `${file:path}` in all values of a tree; never in keys. */
export function interpolate(node: TreeNode, lookups: Lookups, report: Report): Promise<TreeNode> {
  return new Interpolator(lookups, report).tree(node);
}

class Interpolator {
  readonly #lookups: Lookups;
  readonly #report: Report;
  readonly #broken = new Set<Place>();

  constructor(lookups: Lookups, report: Report) {
    this.#lookups = lookups;
    this.#report = report;
  }

  async tree(node: TreeNode): Promise<TreeNode> {
    const { place, scalar, elements, entries } = node;
    const expanded = scalar?.text.includes("${") ? scalarOf(await this.text(scalar.text, place)) : scalar;
    const newElements = elements && await Promise.all(elements.map((element) => this.tree(element)));
    const newEntries = entries &&
      await Promise.all(entries.map(async (entry) => ({ ...entry, node: await this.tree(entry.node) })));
    const isBroken = this.#broken.has(place) || newElements?.some((element) => element.isBroken) ||
      newEntries?.some((entry) => entry.node.isBroken);
    return {
      place,
      ...expanded && { scalar: expanded },
      ...newElements && { elements: newElements },
      ...newEntries && { entries: newEntries },
      ...isBroken && { isBroken },
    };
  }

  async text(text: string, place: Place, depth = 0): Promise<string> {
    let result = "";
    let offset = 0;
    while (true) {
      const start = text.indexOf("${", offset);
      if (start < 0) return result + text.slice(offset);
      const end = closingBrace(text, start + 2);
      if (end < 0 || depth > MAX_NESTING) return this.#unclosed(text, place);
      const isLiteral = start > offset && text[start - 1] === "$";
      result += text.slice(offset, isLiteral ? start - 1 : start);
      result += isLiteral
        ? text.slice(start, end + 1)
        : await this.#expand(text.slice(start + 2, end), place, depth);
      offset = end + 1;
    }
  }

  async #expand(written: string, place: Place, depth: number): Promise<string> {
    const inner = written.includes("${") ? await this.text(written, place, depth + 1) : written;
    const [, lookup = "env", name = "", fallback] = /^(?:([A-Za-z]+):(?!-))?(.*?)(?::-(.*))?$/s.exec(inner) ??
      [];
    if (lookup !== "env" && lookup !== "file") return this.#unknownLookup(inner, lookup, place);
    if (lookup === "file") return await this.#file(name, { place, fallback });
    if (!/^[A-Za-z_][\w.-]*$/.test(name)) {
      this.#complain("bad-variable", place, {
        text: `"\${${inner}}" does not name a variable`,
        fix: `write \${NAME} or \${NAME:-default}; \$\${…} stands for the plain text \${…}`,
      });
      return "";
    }
    this.#lookups.usedEnv.add(name);
    const value = this.#lookups.env(name) ?? fallback;
    if (value !== undefined) return value;
    this.#complain("missing-variable", place, {
      text: `The environment has no variable "${name}"`,
      fix: `set ${name}, or give a default: \${${name}:-default}`,
    });
    return "";
  }

  async #file(
    path: string,
    { place, fallback }: { place: Place; fallback: string | undefined },
  ): Promise<string> {
    try {
      const text = await this.#lookups.readText(path);
      if (text.length <= MAX_FILE_CHARACTERS) return text.replace(/\r?\n$/, "");
      throw new RangeError(`it holds ${text.length} characters, the limit is ${MAX_FILE_CHARACTERS}`);
    } catch (cause) {
      if (fallback !== undefined) return fallback;
      this.#complain("missing-file", place, {
        text: `Cannot read "${path}": ${errorText(cause)}`,
        fix: "make the file readable; a relative path starts at the folder of the pipeline file",
      });
      return "";
    }
  }

  #unknownLookup(inner: string, lookup: string, place: Place): string {
    this.#complain("bad-variable", place, {
      text: `"\${${inner}}": there is no lookup "${lookup}"`,
      fix: `${
        didYouMean(lookup, ["env", "file"])
      }Write \${env:NAME} or \${file:path}; \$\${…} stands for plain \${…}`,
    });
    return "";
  }

  #unclosed(text: string, place: Place): string {
    this.#complain("bad-variable", place, {
      text: `"${text.slice(0, 60)}" opens a \${ that is never closed`,
      fix: "close it with }, or write $${ for the plain text ${",
    });
    return text;
  }

  #complain(code: string, place: Place, complaint: Complaint): void {
    this.#broken.add(place);
    this.#report.error(code, place, complaint);
  }
}

function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let index = from; index < text.length; index++) {
    if (text.startsWith("${", index)) open++;
    else if (text[index] === "}" && --open === 0) return index;
  }
  return -1;
}
