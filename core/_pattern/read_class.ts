import {
  ANY,
  type CodePoints,
  complement,
  foldCase,
  intersect,
  unicodeProperty,
  unite,
} from "./code_points.ts";
import type { Reader } from "./reader.ts";

const SPACE: CodePoints = [0x09, 0x0d, 0x20, 0x20];
const DIGIT: CodePoints = [0x30, 0x39];
const UPPER: CodePoints = [0x41, 0x5a];
const LOWER: CodePoints = [0x61, 0x7a];
const ALPHA = unite(UPPER, LOWER);
const WORD = unite(ALPHA, DIGIT, [0x5f, 0x5f]);
const GRAPH: CodePoints = [0x21, 0x7e];
const BLANKS: CodePoints = unite(
  [0x09, 0x09, 0x20, 0x20, 0xa0, 0xa0, 0x1680, 0x1680, 0x180e, 0x180e],
  [0x2000, 0x200a, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000],
);
const VERTICAL: CodePoints = [0x0a, 0x0d, 0x85, 0x85, 0x2028, 0x2029];
const TERMINATORS: CodePoints = [0x0a, 0x0a, 0x0d, 0x0d, 0x85, 0x85, 0x2028, 0x2029];

const SHORT: Readonly<Record<string, CodePoints>> = { d: DIGIT, s: SPACE, w: WORD, h: BLANKS, v: VERTICAL };

const NAMED: Readonly<Record<string, CodePoints>> = {
  Lower: LOWER,
  Upper: UPPER,
  ASCII: [0, 0x7f],
  Alpha: ALPHA,
  Digit: DIGIT,
  Alnum: unite(ALPHA, DIGIT),
  Punct: [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e],
  Graph: GRAPH,
  Print: [0x20, 0x7e],
  Blank: [0x09, 0x09, 0x20, 0x20],
  Cntrl: [0, 0x1f, 0x7f, 0x7f],
  XDigit: unite(DIGIT, [0x41, 0x46, 0x61, 0x66]),
  Space: SPACE,
  L1: [0, 0xff],
  all: ANY,
};

/** Java's own words, in Unicode's. */
const JAVA_WORDS: Readonly<Record<string, string>> = {
  javaLowerCase: "Lowercase",
  javaUpperCase: "Uppercase",
  javaAlphabetic: "Alphabetic",
  javaLetter: "L",
  javaDigit: "Nd",
  javaSpaceChar: "Z",
  LD: "L",
};

const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27 };

/** What a dot stands for. */
export function dotSet({ flags }: Reader): CodePoints {
  if (flags.dotAll) return ANY;
  return complement(flags.unixLines ? [0x0a, 0x0a] : TERMINATORS);
}

/** Reads what follows a backslash, when it is one character or a class of them. */
export function readEscape(reader: Reader): CodePoints {
  const escaped = readEscaped(reader);
  return typeof escaped === "number" ? folded(reader, [escaped, escaped]) : escaped;
}

function readEscaped(reader: Reader): CodePoints | number {
  const letter = String.fromCodePoint(reader.next());
  const lower = letter.toLowerCase();
  if (SHORT[lower]) return letter === lower ? SHORT[lower] : complement(SHORT[lower]);
  if (lower !== "p") return readCode(reader, letter);
  const set = folded(reader, readProperty(reader));
  return letter === "p" ? set : complement(set);
}

/** Adds the other case where the flags say so. */
export function folded({ flags }: Reader, set: CodePoints): CodePoints {
  return flags.fold ? foldCase(set, flags.unicodeFold) : set;
}

function readCode(reader: Reader, letter: string): number {
  if (letter in CONTROLS) return CONTROLS[letter]!;
  if (letter === "0") {
    return Number.parseInt(expect(reader, /[0-3]?[0-7]{1,2}/y, "\\0 wants octal digits")[0], 8);
  }
  if (letter === "x" || letter === "u") {
    const digits = letter === "x" ? /([0-9a-f]{2})|\{([0-9a-f]+)\}/iy : /([0-9a-f]{4})|\{([0-9a-f]+)\}/iy;
    const [, fixed, braced] = expect(reader, digits, `\\${letter} wants hexadecimal digits`);
    const code = Number.parseInt(fixed ?? braced!, 16);
    if (code > 0x10ffff) throw reader.error("there is no such code point");
    return code;
  }
  if (letter === "c") return reader.next() ^ 0x40;
  if (/[A-Za-z]/.test(letter)) throw reader.error(`"\\${letter}" has no meaning here`);
  return letter.codePointAt(0)!;
}

function expect(reader: Reader, sticky: RegExp, reason: string): RegExpExecArray {
  const found = reader.takeMatch(sticky);
  if (!found) throw reader.error(reason);
  return found;
}

function readProperty(reader: Reader): CodePoints {
  const [, short, long] = expect(reader, /([A-Z])|\{([\w=]+)\}/y, "\\p wants a name, as in \\p{Alpha}");
  const name = short ?? long!;
  const set = NAMED[name] ?? unicodeSet(name);
  if (!set) throw reader.error(`there is no character class "${name}"`);
  return set;
}

function unicodeSet(name: string): CodePoints | undefined {
  const word = JAVA_WORDS[name] ?? name.replace(/^Is/, "").replace(/^(?:IS|sc|script)=/i, "Script=")
    .replace(/^(?:gc|general_category)=/i, "General_Category=");
  if (name === "LD") return unite(unicodeProperty("L")!, unicodeProperty("Nd")!);
  return unicodeProperty(word) ?? unicodeProperty(`Script=${word}`) ??
    unicodeProperty(word.toLowerCase().replace(/(?:^|_)[a-z]/g, (start) => start.toUpperCase()));
}

/** Reads a class in brackets; its opening one has been taken. Java allows classes in classes, and `&&`. */
export function readClass(reader: Reader): CodePoints {
  const negated = reader.take("^");
  let operand: CodePoints = [];
  let result: CodePoints | undefined;
  for (let first = true;; first = false) {
    reader.skipComments();
    if (reader.done) throw reader.error('"[" has no "]"');
    if (!first && reader.take("]")) break;
    if (reader.take("&&")) {
      result = result ? intersect(result, operand) : operand;
      operand = [];
      continue;
    }
    operand = unite(operand, reader.take("[") ? readClass(reader) : readRange(reader));
  }
  const set = result ? intersect(result, operand) : operand;
  return negated ? complement(set) : set;
}

/** Reads one member, `a` or `a-z` or `\w`. */
function readRange(reader: Reader): CodePoints {
  const [from, single] = readMember(reader);
  if (
    single === undefined || reader.sees("-]") || reader.sees("-[") || reader.sees("-&&") || !reader.take("-")
  ) {
    return from;
  }
  if (reader.done) throw reader.error('"[" has no "]"');
  const [to, last] = readMember(reader);
  if (last === undefined) return unite(from, [0x2d, 0x2d], to);
  if (last < single) throw reader.error("the range runs backwards");
  return folded(reader, [single, last]);
}

/** One member and, when it is a single character, its code. */
function readMember(reader: Reader): readonly [set: CodePoints, single: number | undefined] {
  const member = reader.take("\\") ? readEscaped(reader) : reader.next();
  return typeof member === "number" ? [folded(reader, [member, member]), member] : [member, undefined];
}
