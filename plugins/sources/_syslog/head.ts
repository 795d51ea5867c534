import type { HourKey } from "./stamps.ts";

/** Classes of bytes that heads are made of; several may hold for one. */
const DIGIT = 1;
const SPACE = 2;
/** The first letter of a host … */
const WORD = 4;
/** … and those behind it. */
const HOST = 8;

/** The classes of each byte, as Java's \d, \s, \w and Flume's host names have them. */
const CLASSES: Readonly<Uint8Array> = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte);
  return (/[0-9]/.test(letter) ? DIGIT : 0) | (/[ \t\n\v\f\r]/.test(letter) ? SPACE : 0) |
    (/[A-Za-z0-9_]/.test(letter) ? WORD : 0) | (/[A-Za-z0-9_.@-]/.test(letter) ? HOST : 0);
});

/**
 * What became of a line: `whole` has a head that is understood; `priority` has a priority before something else;
 * `invalid` is no syslog.
 */
export type HeadState = "whole" | "priority" | "invalid";

/** One line in a block of bytes, and where the parts of its head lie. One object serves all lines of a source. */
export class Head {
  bytes: Uint8Array = new Uint8Array(0);
  /** Whether a body in the block may hold something at which Java's `.` stops. */
  mayStop = false;
  /** Where the line starts in the block … */
  from = 0;
  /** … and the offset behind its last byte. */
  to = 0;
  /** The number between the brackets, and how many digits it was written with. */
  priority = 0;
  priorityDigits = 0;
  /** The digit that stands for the version; 0 when there is none. */
  version = 0;
  /** The timestamp as it was sent … */
  stampStart = 0;
  stampEnd = 0;
  /** … and in epoch ms; NaN when it cannot be read or is not given. */
  stampMs = NaN;
  hostStart = 0;
  hostEnd = 0;
  /** False where "-" stands for a host that is not known. */
  hasHost = false;
  bodyStart = 0;
  /** What `readDate` found: the hour, and the seconds behind it. */
  hour: HourKey = 0;
  seconds = 0;
  /** What `behindFraction` found: parts of a second, cut to milliseconds. */
  partMs = 0;

  /** Takes on a line: nothing of its head is known. */
  use(from: number, to: number): void {
    this.from = from;
    this.to = to;
    this.version = 0;
    this.stampMs = NaN;
    this.hasHost = false;
  }

  /** The byte at an offset; 0, which no head has, behind the line. */
  at(offset: number): number {
    return offset < this.to ? this.bytes[offset]! : 0;
  }

  isDigit(offset: number): boolean {
    return (CLASSES[this.at(offset)]! & DIGIT) !== 0;
  }

  isSpace(offset: number): boolean {
    return (CLASSES[this.at(offset)]! & SPACE) !== 0;
  }

  isWord(offset: number): boolean {
    return (CLASSES[this.at(offset)]! & WORD) !== 0;
  }

  /** The offset behind the letters of a host. */
  behindHost(offset: number): number {
    const { bytes, to } = this;
    while (offset < to && (CLASSES[bytes[offset]!]! & HOST) !== 0) offset++;
    return offset;
  }

  /** The number that two digits make; -1 when they are none. */
  pair(offset: number): number {
    if (offset + 1 >= this.to) return -1;
    const tens = this.bytes[offset]! - 48;
    const ones = this.bytes[offset + 1]! - 48;
    return (tens >>> 0) > 9 || (ones >>> 0) > 9 ? -1 : tens * 10 + ones;
  }

  /** Reads YYYY-MM-DDThh:mm:ss; false when something else stands there. */
  readDate(offset: number): boolean {
    const day = this.pair(offset + 8);
    const hour = this.pair(offset + 11);
    const minute = this.pair(offset + 14);
    const second = this.pair(offset + 17);
    const month = this.pair(offset + 5);
    const century = this.pair(offset);
    const year = this.pair(offset + 2);
    if ((day | hour | minute | second | month | year | century) < 0) return false;
    const { bytes } = this;
    if (bytes[offset + 4] !== 45 || bytes[offset + 7] !== 45) return false;
    if (bytes[offset + 13] !== 58 || bytes[offset + 16] !== 58) return false;
    this.hour = (century * 100 + year) * 1_000_000 + month * 10_000 + day * 100 + hour;
    this.seconds = minute * 60 + second;
    return true;
  }

  /** Reads the digits of a fraction of a second; gives the offset behind them. */
  behindFraction(offset: number): number {
    this.partMs = 0;
    for (let unitMs = 100; this.isDigit(offset); offset++) {
      this.partMs += (this.bytes[offset]! - 48) * unitMs;
      unitMs = unitMs === 1 ? 0 : unitMs / 10;
    }
    return offset;
  }

  /** Reads "<", digits and ">"; gives the offset behind it, or -1. */
  readPriority(maxDigits: number): number {
    let offset = this.from;
    if (this.at(offset) !== 60) return -1;
    let number = 0;
    for (offset++; this.isDigit(offset); offset++) number = number * 10 + this.bytes[offset]! - 48;
    const digits = offset - this.from - 1;
    if (digits === 0 || digits > maxDigits || this.at(offset) !== 62) return -1;
    this.priority = number;
    this.priorityDigits = digits;
    return offset + 1;
  }
}

/** Reads the heads of lines as one of Flume's sources does. */
export interface Dialect {
  /** Fills in what the head of the line says. */
  read(head: Head): HeadState;
}
