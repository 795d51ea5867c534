import type { Complaint, Report } from "./diagnostics.ts";
import { type Place, scalarOf, type TreeNode } from "./tree.ts";

const MAX_CHARACTERS = 1024 * 1024;
const MAX_NESTING = 16;

/** Who asks for the text of a `${…}`. */
export interface Asking {
  readonly place: Place;
  /** What is asked for as it stands in the value, `${` and all. */
  readonly written: string;
  /** The other properties that are being expanded, outermost first: one of them in a value of its own is a loop. */
  readonly within: readonly string[];
  /** Complains; the value counts as broken from then on. */
  refuse(code: string, complaint: Complaint): void;
  /** Gives up the value, of which a complaint was made already. */
  spoil(): "";
  /** The value must not be shown. */
  hide(): void;
  readonly isHidden: boolean;
  /** Expands what another property holds. */
  expand(text: string, property: string): Promise<string>;
}

/** Where the texts of `${…}` come from. */
export interface Variables {
  /** The text for what stands between the braces; undefined: it stays as it is written. */
  expand(inner: string, asking: Asking): Promise<string | undefined>;
  /** Whether a `${` that is never closed is plain text. */
  readonly isUnclosedText: boolean;
  /** How a text from `${` on is written that stands for itself. */
  plain(text: string): string;
}

/** Replaces `${…}` in all values of a tree, inner ones first; never in keys. `$${…}` stands for the plain text. */
export function interpolate(node: TreeNode, variables: Variables, report: Report): Promise<TreeNode> {
  return new Interpolator(variables, report).tree(node);
}

class Interpolator {
  readonly #variables: Variables;
  readonly #report: Report;
  readonly #broken = new Set<Place>();
  readonly #hidden = new Set<Place>();

  constructor(variables: Variables, report: Report) {
    this.#variables = variables;
    this.#report = report;
  }

  async tree(node: TreeNode): Promise<TreeNode> {
    const { place, scalar, elements, entries } = node;
    const expanded = scalar?.text.includes("${")
      ? scalarOf(await this.#text(scalar.text, { place, within: [], depth: 0 }))
      : scalar;
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
      ...this.#hidden.has(place) && { isSecret: true },
    };
  }

  async #text(text: string, from: From): Promise<string> {
    let result = "";
    let offset = 0;
    while (true) {
      const start = text.indexOf("${", offset);
      if (start < 0) return this.#bounded(result + text.slice(offset), from);
      if (start > offset && text[start - 1] === "$") {
        const end = closingBrace(text, start + 2);
        const literal = text.slice(start, end < 0 ? start + 2 : end + 1);
        result += text.slice(offset, start - 1) + this.#variables.plain(literal);
        offset = end < 0 ? start + 2 : end + 1;
        continue;
      }
      const end = closingBrace(text, start + 2);
      result += text.slice(offset, start);
      if (end < 0 || from.depth > MAX_NESTING) return result + this.#unclosed(text.slice(start), from);
      result += await this.#expand(text.slice(start + 2, end), from) ?? text.slice(start, end + 1);
      offset = end + 1;
      if (result.length > MAX_CHARACTERS) return this.#bounded(result, from);
    }
  }

  async #expand(written: string, from: From): Promise<string | undefined> {
    const { place, within, depth } = from;
    const inner = written.includes("${")
      ? await this.#text(written, { place, within, depth: depth + 1 })
      : written;
    const hidden = this.#hidden;
    return await this.#variables.expand(inner, {
      place,
      written: `\${${written}}`,
      within,
      refuse: (code, complaint) => this.#complain(code, place, complaint),
      spoil: () => {
        this.#broken.add(place);
        return "";
      },
      hide: () => void hidden.add(place),
      get isHidden() {
        return hidden.has(place);
      },
      expand: (text, property) => this.#text(text, { place, within: [...within, property], depth: 0 }),
    });
  }

  #unclosed(rest: string, { place }: From): string {
    if (this.#variables.isUnclosedText) return this.#variables.plain(rest);
    this.#complain("bad-variable", place, {
      text: `"${rest.slice(0, 60)}" opens a \${ that is never closed`,
      fix: "close it with }, or write $${ for the plain text ${",
    });
    return rest;
  }

  /** Values that name each other twice, level by level, would fill the memory. */
  #bounded(text: string, { place }: From): string {
    if (text.length <= MAX_CHARACTERS) return text;
    this.#complain("too-large", place, {
      text: `The value grows beyond ${MAX_CHARACTERS} characters when its variables are filled in`,
      fix: "use fewer of them",
    });
    return "";
  }

  #complain(code: string, place: Place, complaint: Complaint): void {
    this.#broken.add(place);
    this.#report.error(code, place, complaint);
  }
}

interface From {
  readonly place: Place;
  readonly within: readonly string[];
  readonly depth: number;
}

/** Where the brace stands that closes a `${` whose content begins at `from`; -1 without one. */
export function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let index = from; index < text.length; index++) {
    if (text.startsWith("${", index)) open++;
    else if (text[index] === "}" && --open === 0) return index;
  }
  return -1;
}
