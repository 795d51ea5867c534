/** A set of code points as ascending, disjoint ranges: from, to, from, to, … (both ends belong to it). */
export type CodePoints = readonly number[];

const LAST = 0x10ffff;

/** All code points. */
export const ANY: CodePoints = [0, LAST];

/** Joins ranges in any order into one set. */
export function unite(...sets: readonly CodePoints[]): CodePoints {
  const pairs: [number, number][] = [];
  for (const set of sets) {
    for (let at = 0; at < set.length; at += 2) pairs.push([set[at]!, set[at + 1]!]);
  }
  pairs.sort((a, b) => a[0] - b[0]);
  const joined: number[] = [];
  for (const [from, to] of pairs) {
    const last = joined.length - 1;
    if (last > 0 && from <= joined[last]! + 1) joined[last] = Math.max(joined[last]!, to);
    else joined.push(from, to);
  }
  return joined;
}

/** The code points that are not in the set. */
export function complement(set: CodePoints): CodePoints {
  const rest: number[] = [];
  let from = 0;
  for (let at = 0; at < set.length; at += 2) {
    if (set[at]! > from) rest.push(from, set[at]! - 1);
    from = set[at + 1]! + 1;
  }
  if (from <= LAST) rest.push(from, LAST);
  return rest;
}

/** The code points that are in both sets. */
export function intersect(one: CodePoints, other: CodePoints): CodePoints {
  return complement(unite(complement(one), complement(other)));
}

const FOLDED_AT_MOST = 3000;

/** Adds the other case of each letter: of ASCII letters only, as Java does unless it is told otherwise. */
export function foldCase(set: CodePoints, unicode: boolean): CodePoints {
  const added: number[] = [];
  for (let at = 0; at < set.length; at += 2) {
    const from = set[at]!;
    const to = unicode ? Math.min(set[at + 1]!, from + FOLDED_AT_MOST) : Math.min(set[at + 1]!, 0x7a);
    for (let code = from; code <= to; code++) added.push(...otherCases(code, unicode));
  }
  return added.length === 0 ? set : unite(set, added);
}

function otherCases(code: number, unicode: boolean): readonly number[] {
  if (code < 0x80) {
    const letter = code & 0x5f;
    return letter >= 0x41 && letter <= 0x5a && code >= 0x41 ? [code ^ 0x20, code ^ 0x20] : [];
  }
  if (!unicode) return [];
  const char = String.fromCodePoint(code);
  const cases = [char.toLowerCase(), char.toUpperCase()].map((text) => [...text]).filter((text) =>
    text.length === 1
  );
  return cases.flatMap(([text]) => [text!.codePointAt(0)!, text!.codePointAt(0)!]);
}

const properties = new Map<string, CodePoints>();

/** The code points of a Unicode property such as `L` or `Script=Greek`; undefined when there is no such property. */
export function unicodeProperty(name: string): CodePoints | undefined {
  const known = properties.get(name);
  if (known || !/^\w+(?:=\w+)?$/.test(name)) return known;
  try {
    const set = enumerate(new RegExp(`\\p{${name}}+`, "gu"));
    properties.set(name, set);
    return set;
  } catch {
    return undefined;
  }
}

/** Runs an expression over all code points, a plane's part at a time. */
function enumerate(runs: RegExp): CodePoints {
  const ranges: number[] = [];
  for (let base = 0; base <= LAST; base += 4096) {
    if (base >= 0xd000 && base < 0xe000) ranges.push(...enumeratePart(runs, base, 0xd800));
    else ranges.push(...enumeratePart(runs, base, base + 4096));
  }
  return unite(ranges);
}

function enumeratePart(runs: RegExp, base: number, end: number): number[] {
  const codes = Array.from({ length: Math.max(end - base, 0) }, (_, at) => base + at);
  const unitsPerCode = base > 0xffff ? 2 : 1;
  return Array.from(String.fromCodePoint(...codes).matchAll(runs)).flatMap((run) => {
    const from = base + run.index / unitsPerCode;
    return [from, from + run[0].length / unitsPerCode - 1];
  });
}

/** Writes a set as a JavaScript class; `pairs`: for text that holds surrogate pairs, without the `u` flag. */
export function printSet(set: CodePoints, pairs: boolean): string {
  const plain = intersect(set, [0, 0xffff]);
  if (!pairs) return printUnits(plain);
  const units = intersect(plain, [0, 0xd7ff, 0xe000, 0xffff]);
  const branches = printPairs(intersect(set, [0x10000, LAST]));
  if (branches.length === 0) return printUnits(units);
  return `(?:${[...units.length > 0 ? [printUnits(units)] : [], ...branches].join("|")})`;
}

function printUnits(set: CodePoints): string {
  if (set.length === 2 && set[0] === set[1]) return printCode(set[0]!);
  if (set.at(-1) !== 0xffff) return `[${printRanges(set)}]`;
  const rest = intersect(complement(set), [0, 0xffff]);
  return rest.length === 0 ? "[\\s\\S]" : `[^${printRanges(rest)}]`;
}

function printPairs(set: CodePoints): string[] {
  const lowsOf = new Map<string, number[]>();
  for (let at = 0; at < set.length; at += 2) {
    for (let from = set[at]!; from <= set[at + 1]!;) {
      const to = Math.min(from | 0x3ff, set[at + 1]!);
      const high = 0xd800 + ((from - 0x10000) >> 10);
      const lows = printRanges([0xdc00 + (from & 0x3ff), 0xdc00 + (to & 0x3ff)]);
      lowsOf.set(lows, [...lowsOf.get(lows) ?? [], high, high]);
      from = to + 1;
    }
  }
  return Array.from(lowsOf, ([lows, highs]) => `[${printRanges(unite(highs))}][${lows}]`);
}

function printRanges(set: CodePoints): string {
  let text = "";
  for (let at = 0; at < set.length; at += 2) {
    const [from, to] = [set[at]!, set[at + 1]!];
    text += from === to ? printCode(from) : `${printCode(from)}-${printCode(to)}`;
  }
  return text;
}

function printCode(code: number): string {
  const char = String.fromCharCode(code);
  if (/^[\w <>=,:;@%&~'"!`#]$/.test(char)) return char;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}
