import { type CodePoints, intersect, printSet } from "./code_points.ts";
import type { Node, Parsed, Repeat } from "./node.ts";

/** The text that a printed expression is meant for; the more is known of it, the simpler the expression. */
export interface PrintOptions {
  /** The text may hold characters beyond U+FFFF. */
  readonly pairs: boolean;
  /** Line terminators in the text: none at its end, one that is its last character, or anything. */
  readonly terminators: "not-last" | "only-last" | "any";
  /** The whole text must match. */
  readonly whole: boolean;
}

/** A JavaScript expression that needs no flags, and where Java's groups are among its groups. */
export interface Printed {
  readonly source: string;
  /** Java's group number → JavaScript's; absent when they are the same. */
  readonly groupPlaces: readonly number[] | undefined;
}

/** Writes a parsed expression in JavaScript, without flags, which V8's linear engine would refuse. */
export function printPattern({ root, groupCount }: Parsed, options: PrintOptions): Printed {
  const printer = new Printer(options);
  const body = printer.print(root);
  const groupPlaces = printer.count === groupCount ? undefined : printer.places;
  return { source: options.whole ? `^(?:${body})$` : body === "" ? "(?:)" : body, groupPlaces };
}

const END = "(?![\\s\\S])";
const BREAKS = "\\n\\r\\x85\\u2028\\u2029";

class Printer {
  readonly places: number[] = [0];
  readonly #options: PrintOptions;
  count = 0;
  #behind = 0;

  constructor(options: PrintOptions) {
    this.#options = options;
  }

  print(node: Node): string {
    if (node.kind === "set") return printSet(node.set, this.#options.pairs);
    if (node.kind === "sequence") return this.#printSequence(node.parts);
    if (node.kind === "either") return `(?:${node.branches.map((branch) => this.print(branch)).join("|")})`;
    if (node.kind === "atomic") return this.#printAtomic(() => this.print(node.body));
    if (node.kind === "anchor") return this.#printAnchor(node);
    if (node.kind === "look") return this.#printLook(node);
    if (node.kind === "repeat") return this.#printRepeat(node, false);
    if (node.kind === "back") return `(?${node.fold ? "i" : ""}:\\${this.places[node.group]!})`;
    this.places[node.group] = ++this.count;
    return `(${this.print(node.body)})`;
  }

  #printSequence(parts: readonly Node[]): string {
    return parts.map((part, at) => {
      if (part.kind !== "repeat") return this.print(part);
      return this.#printRepeat(part, neverGivesBack(part, parts[at + 1]));
    }).join("");
  }

  #printRepeat(repeat: Repeat, greedyIsEnough: boolean): string {
    const { min, max, mode } = repeat;
    const print = () => {
      const body = this.print(repeat.body);
      const single = repeat.body.kind === "set" && !body.startsWith("(?:") || repeat.body.kind === "group";
      const sign = min === 0 && max === Infinity
        ? "*"
        : min === 1 && max === Infinity
        ? "+"
        : min === 0 && max === 1
        ? "?"
        : min === max
        ? `{${min}}`
        : `{${min},${max === Infinity ? "" : max}}`;
      return `${single ? body : `(?:${body})`}${sign}${mode === "lazy" ? "?" : ""}`;
    };
    return mode === "possessive" && !greedyIsEnough ? this.#printAtomic(print) : print();
  }

  /** A lookahead does not try again; what it caught is then taken. */
  #printAtomic(print: () => string): string {
    if (this.#behind > 0) {
      throw new SyntaxError("An atomic group or possessive repetition cannot stand in a lookbehind");
    }
    const place = ++this.count;
    return `(?=(${print()}))(?:\\${place})`;
  }

  #printLook({ behind, negated, body }: Node & { kind: "look" }): string {
    this.#behind += behind ? 1 : 0;
    const printed = this.print(body);
    this.#behind -= behind ? 1 : 0;
    return `(?:(?${behind ? "<" : ""}${negated ? "!" : "="}${printed}))`;
  }

  #printAnchor({ anchor, unixLines }: Node & { kind: "anchor" }): string {
    if (anchor === "start") return "^";
    if (anchor === "end") return "$";
    if (anchor === "word") return "\\b";
    if (anchor === "no-word") return "\\B";
    const { terminators } = this.#options;
    const breaks = unixLines ? "\\n" : BREAKS;
    // A place between "\r" and "\n" is neither the start nor the end of a line.
    const between = unixLines ? "" : "(?!(?<=\\r)\\n)";
    if (anchor === "line-start") return `(?:^|(?<=[${breaks}])${between})(?!$)`;
    if (anchor === "line-end") return `(?:${between}(?=[${breaks}]|$))`;
    if (terminators === "not-last") return "$";
    if (terminators === "only-last" && !unixLines) return "(?m:$)";
    return `(?:${between}(?=(?:${unixLines ? "\\n" : `\\r\\n|[${BREAKS}]`})?${END}))`;
  }
}

/** Whether a possessive repetition is the same as a greedy one, because what follows cannot be in it. */
function neverGivesBack({ body }: Repeat, next: Node | undefined): boolean {
  if (body.kind !== "set" || next === undefined) return false;
  return next.kind === "set" && isDisjoint(body.set, next.set);
}

function isDisjoint(one: CodePoints, other: CodePoints): boolean {
  return intersect(one, other).length === 0;
}
