import { type CodePoints, unite } from "./code_points.ts";
import type { Anchor, Node, Parsed, Repeat } from "./node.ts";
import { dotSet, folded, readClass, readEscape } from "./read_class.ts";
import { type Flags, Reader } from "./reader.ts";

interface Groups {
  count: number;
  readonly names: Map<string, number>;
}

const DEEPEST = 200;

/** Reads an expression in Java's syntax. @throws {SyntaxError} that names what cannot be read, and where. */
export function parsePattern(source: string): Parsed {
  const reader = new Reader(source);
  const groups: Groups = { count: 0, names: new Map() };
  const root = new Parser(reader, groups).readEither(0);
  if (!reader.done) throw reader.error('")" has no "("');
  return { root, groupCount: groups.count, groupNames: groups.names };
}

const LINE_BREAK: Node = {
  kind: "atomic",
  body: {
    kind: "either",
    branches: [
      { kind: "sequence", parts: [{ kind: "set", set: [0x0d, 0x0d] }, { kind: "set", set: [0x0a, 0x0a] }] },
      { kind: "set", set: [0x0a, 0x0d, 0x85, 0x85, 0x2028, 0x2029] },
    ],
  },
};

const ANCHOR_LETTERS: Readonly<Record<string, Anchor>> = {
  A: "start",
  z: "end",
  Z: "final",
  b: "word",
  B: "no-word",
};

class Parser {
  readonly #reader: Reader;
  readonly #groups: Groups;

  constructor(reader: Reader, groups: Groups) {
    this.#reader = reader;
    this.#groups = groups;
  }

  /** Reads branches up to a closing bracket or the end; flags that are set inside end with it. */
  readEither(depth: number): Node {
    if (depth > DEEPEST) throw this.#reader.error(`groups are nested more than ${DEEPEST} deep`);
    const flags = this.#reader.flags;
    const branches = [this.#readSequence(depth)];
    while (this.#reader.take("|")) branches.push(this.#readSequence(depth));
    this.#reader.flags = flags;
    return branches.length === 1 ? branches[0]! : { kind: "either", branches };
  }

  #readSequence(depth: number): Node {
    const reader = this.#reader;
    const parts: Node[] = [];
    for (;;) {
      reader.skipComments();
      if (reader.done || reader.sees("|") || reader.sees(")")) break;
      const part = this.#readPart(depth);
      if (part) parts.push(this.#readRepeat(part));
    }
    return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
  }

  /** Reads one part; nothing for flags that hold from here on. */
  #readPart(depth: number): Node | undefined {
    const reader = this.#reader;
    if (reader.take("(")) return this.#readGroup(depth + 1);
    if (reader.take("[")) return { kind: "set", set: readClass(reader) };
    if (reader.take(".")) return { kind: "set", set: dotSet(reader) };
    if (reader.take("^")) return this.#anchor(reader.flags.multiLine ? "line-start" : "start");
    if (reader.take("$")) return this.#anchor(reader.flags.multiLine ? "line-end" : "final");
    if (reader.take("\\")) return this.#readBackslash();
    const dangling = reader.takeMatch(/[*+?]/y);
    if (dangling) {
      throw reader.error(`"${dangling[0]}" has nothing to repeat; write "\\${dangling[0]}" for itself`);
    }
    const code = reader.next();
    return { kind: "set", set: folded(reader, [code, code]) };
  }

  #anchor(anchor: Anchor): Node {
    return { kind: "anchor", anchor, unixLines: this.#reader.flags.unixLines };
  }

  #readBackslash(): Node {
    const reader = this.#reader;
    const unknown = reader.takeMatch(/G|X|N\{|b\{/y);
    if (unknown) throw reader.error(`"\\${unknown[0]}" is not supported`);
    const anchor = reader.takeMatch(/[AzZbB]/y);
    if (anchor) return this.#anchor(ANCHOR_LETTERS[anchor[0]]!);
    if (reader.take("R")) return LINE_BREAK;
    const name = reader.takeMatch(/k<(\w+)>/y)?.[1];
    if (name !== undefined) return this.#back(this.#groups.names.get(name), `<${name}>`);
    const digit = reader.takeMatch(/[1-9]/y)?.[0];
    if (digit === undefined) return { kind: "set", set: readEscape(reader) };
    return this.#back(this.#readGroupNumber(Number(digit)), digit);
  }

  /** More digits belong to the number as long as there are so many groups. */
  #readGroupNumber(first: number): number {
    let group = first;
    for (let digit = 0; digit <= 9; digit++) {
      if (group * 10 + digit > this.#groups.count || !this.#reader.take(String(digit))) continue;
      group = group * 10 + digit;
      digit = -1;
    }
    return group;
  }

  #back(group: number | undefined, shown: string): Node {
    if (group === undefined || group > this.#groups.count) {
      throw this.#reader.error(`there is no group ${shown} in front of this`);
    }
    return { kind: "back", group, fold: this.#reader.flags.fold };
  }

  #readGroup(depth: number): Node | undefined {
    const reader = this.#reader;
    if (!reader.take("?")) return this.#closeGroup(depth, ++this.#groups.count);
    if (reader.take(":")) return this.#close(depth);
    if (reader.take(">")) return { kind: "atomic", body: this.#close(depth) };
    const look = reader.takeMatch(/(<?)([=!])/y);
    if (look) {
      return { kind: "look", behind: look[1] !== "", negated: look[2] === "!", body: this.#close(depth) };
    }
    const name = reader.takeMatch(/<([A-Za-z][A-Za-z0-9_]*)>/y)?.[1];
    if (name !== undefined) return this.#readNamed(depth, name);
    if (reader.sees("P")) throw reader.error('"(?P" is not Java\'s; write (?<name>…)');
    return this.#readFlags(depth);
  }

  #readNamed(depth: number, name: string): Node {
    if (this.#groups.names.has(name)) throw this.#reader.error(`there are two groups "${name}"`);
    this.#groups.names.set(name, this.#groups.count + 1);
    return this.#closeGroup(depth, ++this.#groups.count);
  }

  #closeGroup(depth: number, group: number): Node {
    return { kind: "group", group, body: this.#close(depth) };
  }

  #close(depth: number): Node {
    const body = this.readEither(depth);
    if (!this.#reader.take(")")) throw this.#reader.error('"(" has no ")"');
    return body;
  }

  #readFlags(depth: number): Node | undefined {
    const reader = this.#reader;
    const [, on, off, end] = reader.takeMatch(/([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/y) ?? [];
    if (end === undefined) throw reader.error('what follows "(?" is not known');
    const outer = reader.flags;
    reader.flags = this.#switched(this.#switched(outer, on!, true), off ?? "", false);
    if (end === ")") return undefined;
    const body = this.#close(depth);
    reader.flags = outer;
    return body;
  }

  #switched(flags: Flags, letters: string, on: boolean): Flags {
    const changed = { ...flags };
    for (const letter of letters) {
      if (letter === "i") changed.fold = on;
      else if (letter === "u") changed.unicodeFold = on;
      else if (letter === "s") changed.dotAll = on;
      else if (letter === "m") changed.multiLine = on;
      else if (letter === "x") changed.comments = on;
      else if (letter === "d") changed.unixLines = on;
      else throw this.#reader.error(`the flag "${letter}" is not supported; i, u, s, m, x and d are`);
    }
    return changed;
  }

  #readRepeat(body: Node): Node {
    const reader = this.#reader;
    reader.skipComments();
    const [sign, min, comma, max] = reader.takeMatch(/[*+?]|\{(\d{1,6})(,?)(\d{1,6})?\}/y) ?? [];
    if (sign === undefined) return body;
    const mode = reader.take("?") ? "lazy" : reader.take("+") ? "possessive" : "greedy";
    const limits = min === undefined
      ? { min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity }
      : { min: Number(min), max: comma === "" ? Number(min) : Number(max ?? Infinity) };
    if (limits.min > limits.max) throw reader.error(`the numbers in ${sign} run backwards`);
    const repeat: Repeat = { kind: "repeat", body, ...limits, mode };
    if (reader.takeMatch(/[*+?]/y)) throw reader.error("a repetition cannot be repeated; put it in a group");
    return repeat;
  }
}

const AT_FIXED_PLACES: ReadonlySet<Anchor> = new Set(["start", "end", "word", "no-word"]);

/** All code points that a match may take or look at; undefined when it also depends on where text ends. */
export function touchedSet(node: Node): CodePoints | undefined {
  if (node.kind === "set") return node.set;
  if (node.kind === "back") return [];
  if (node.kind === "anchor") return AT_FIXED_PLACES.has(node.anchor) ? [] : undefined;
  const parts = node.kind === "sequence" ? node.parts : node.kind === "either" ? node.branches : [node.body];
  const sets = parts.map(touchedSet);
  return sets.includes(undefined) ? undefined : unite(...sets as CodePoints[]);
}
