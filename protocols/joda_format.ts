const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/** Hours from UTC of the zone names that Joda reads. */
const ZONES: Readonly<Record<string, number>> = {
  z: 0,
  ut: 0,
  utc: 0,
  gmt: 0,
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
};

/** What stands in a date, by Joda's letter; `M` is a month from 1, `Z` an offset in minutes. */
type Parts = Partial<Record<string, number>>;

interface Token {
  /** The piece of the expression, with one group for each letter. */
  readonly source: string;
  /** Turns the text into a number. */
  readonly read?: (text: string) => number;
  readonly letter?: string;
}

const KNOWN_AT_MOST = 1024;

const number = (text: string) => Number.parseInt(text, 10);

/** Reads dates that are written as a pattern of Joda's letters says. */
export class JodaFormat {
  readonly #expression: RegExp;
  readonly #tokens: readonly Token[];
  readonly #known = new Map<string, number | undefined>();

  /** @throws {SyntaxError} when the pattern has a letter without a meaning here. */
  constructor(pattern: string) {
    const tokens = tokensOf(pattern);
    this.#expression = new RegExp(`^${tokens.map(({ source }) => source).join("")}$`, "i");
    this.#tokens = tokens.filter(({ letter }) => letter !== undefined);
  }

  /** Why a pattern cannot be used; undefined when it can. */
  static complaint(pattern: string): string | undefined {
    if (pattern.trim() === "") return "it is empty";
    try {
      new JodaFormat(pattern);
      return undefined;
    } catch (cause) {
      return (cause as SyntaxError).message;
    }
  }

  /** Milliseconds since 1970; undefined for what is no date of this form. */
  parse(text: string): number | undefined {
    // Lines of a log often share their second with others near them.
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const ms = this.#parse(text);
    if (this.#known.size >= KNOWN_AT_MOST) this.#known.clear();
    this.#known.set(text, ms);
    return ms;
  }

  #parse(text: string): number | undefined {
    const found = this.#expression.exec(text);
    if (!found) return undefined;
    const parts: Parts = {};
    this.#tokens.forEach(({ letter, read }, at) => parts[letter!] = read!(found[at + 1]!));
    return instantOf(parts);
  }
}

function tokensOf(pattern: string): Token[] {
  const pieces = Array.from(pattern.matchAll(/([a-zA-Z])\1*|'((?:[^']|'')*)'|'|[^a-zA-Z']+/g));
  return pieces.map(([piece, letter, quoted], at) => {
    if (piece === "'") throw new SyntaxError("a quotation mark is not closed");
    if (letter === undefined) {
      return { source: escape(piece === "''" ? "'" : quoted?.replaceAll("''", "'") ?? piece) };
    }
    const next = pieces[at + 1];
    const touchesNumber = next?.[1] !== undefined && isNumber(next[1], next[0].length);
    return letterToken(letter, piece.length, touchesNumber);
  });
}

function isNumber(letter: string, count: number): boolean {
  return "yYdDHhKkmsSe".includes(letter) || (letter === "M" && count < 3);
}

/** Numbers that touch take as many digits as there are letters; others as many as there are. */
function letterToken(letter: string, count: number, touchesNumber: boolean): Token {
  const digits = (most: number) => touchesNumber ? `(\\d{${count}})` : `(\\d{1,${most}})`;
  if (letter === "y" || letter === "Y") {
    const read = (text: string) => count === 2 && text.length === 2 ? nearYear(Number(text)) : number(text);
    return { letter: "y", source: touchesNumber ? digits(count) : "([+-]?\\d{1,9})", read };
  }
  if (letter === "M" && count >= 3) {
    return {
      letter,
      source: names(MONTHS),
      read: (text) => place(MONTHS, text),
    };
  }
  if (letter === "E") return { letter, source: names(DAYS), read: (text) => place(DAYS, text) };
  if (letter === "S") {
    return { letter, source: digits(count), read: (text) => Math.floor(Number(`0.${text}`) * 1000 + 1e-6) };
  }
  if (letter === "a") return { letter, source: "([ap]m)", read: (text) => /^p/i.test(text) ? 12 : 0 };
  if (letter === "Z" && count < 3) return { letter, source: "(z|[+-]\\d\\d:?\\d\\d)", read: offsetMinutes };
  if (letter === "z") {
    return {
      letter: "Z",
      source: `(${Object.keys(ZONES).join("|")})`,
      read: (text) => ZONES[text.toLowerCase()]! * 60,
    };
  }
  if (isNumber(letter, count)) {
    return { letter, source: digits(Math.max(count, letter === "D" ? 3 : 2)), read: number };
  }
  throw new SyntaxError(`the letters "${letter.repeat(count)}" are not supported`);
}

function names(words: readonly string[]): string {
  return `(${words.map((word) => `${word}|${word.slice(0, 3)}`).join("|")})`;
}

function place(words: readonly string[], text: string): number {
  return words.findIndex((word) => word.startsWith(text.slice(0, 3).toLowerCase())) + 1;
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** The year with these last digits within fifty years of thirty years ago, as Joda has it. */
function nearYear(digits: number): number {
  const from = new Date().getFullYear() - 80;
  return from + ((digits - from) % 100 + 100) % 100;
}

function offsetMinutes(text: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(text) ?? [];
  if (sign === undefined) return 0;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

const LIMITS: Readonly<Record<string, readonly [min: number, max: number]>> = {
  M: [1, 12],
  d: [1, 31],
  D: [1, 366],
  H: [0, 23],
  k: [1, 24],
  K: [0, 11],
  h: [1, 12],
  m: [0, 59],
  s: [0, 59],
};

function instantOf(parts: Parts): number | undefined {
  for (const [letter, [min, max]] of Object.entries(LIMITS)) {
    const part = parts[letter];
    if (part !== undefined && (part < min || part > max)) return undefined;
  }
  const hasDay = parts.M !== undefined || parts.d !== undefined;
  // Joda takes 2000 for a day without a year, so that there is a 29 February.
  const year = parts.y ?? (hasDay ? 2000 : 1970);
  const month = parts.D === undefined ? (parts.M ?? 1) - 1 : 0;
  const day = parts.D ?? parts.d ?? 1;
  const half = parts.h ?? parts.K;
  const hour = parts.H ?? (parts.k === undefined ? undefined : parts.k % 24) ??
    (half === undefined ? 0 : half % 12 + (parts.a ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  if (parts.D === undefined ? date.getUTCMonth() !== month : date.getUTCFullYear() !== year) return undefined;
  const time = [hour, parts.m ?? 0, parts.s ?? 0, parts.S ?? 0] as const;
  if (parts.Z !== undefined) return date.setUTCHours(...time) - parts.Z * 60_000;
  const local = new Date(0);
  local.setFullYear(year, month, day);
  return local.setHours(...time);
}
