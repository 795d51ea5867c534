import { Buffer } from "node:buffer";
import type { Dialect, Head, HeadState } from "./head.ts";
import { monthAt } from "./months.ts";
import type { Stamps } from "./stamps.ts";

const [TAB, BLANK, PLUS, MINUS, DOT, COLON, LETTER_T, LETTER_Z] = [9, 32, 43, 45, 46, 58, 84, 90];
/** RFC 5424 allows six digits behind the point; some senders write nine. */
const MAX_FRACTION_DIGITS = 9;
const MINUTE_MS = 60_000;
/** Java's line terminators but for the newline, each byte of UTF-8 as one character. */
const TERMINATOR = /\r|\xc2\x85|\xe2\x80[\xa8\xa9]/;

/**
 * Heads as `syslogtcp` and `syslogudp` read them: RFC 5424 (section 6) and RFC 3164 (section 4.1), the version optional
 * in both, "-" for what is not known in RFC 5424 only. Numbers of a date may run over, as in Java: 31 November is 1
 * December. A line with a return or another line terminator in its body has no head for Flume, nor for us.
 */
export class SyslogTcpDialect implements Dialect {
  readonly #stamps: Stamps;

  constructor(stamps: Stamps) {
    this.#stamps = stamps;
  }

  read(head: Head): HeadState {
    const start = head.readPriority(3);
    if (start < 0) return "invalid";
    return this.#readFrom(head, start) && !(head.mayStop && stops(head)) ? "whole" : "priority";
  }

  /** A digit is a version, or the first one of a year. */
  #readFrom(head: Head, start: number): boolean {
    if (!head.isDigit(start)) return this.#readStamp(head, head.isSpace(start) ? start + 1 : start);
    head.version = head.at(start);
    if (head.isSpace(start + 1)) return this.#readStamp(head, start + 2);
    if (this.#readStamp(head, start + 1)) return true;
    head.version = 0;
    return this.#readStamp(head, start);
  }

  #readStamp(head: Head, offset: number): boolean {
    const first = head.at(offset);
    head.stampStart = offset;
    head.stampEnd = offset + 1;
    if (first === MINUS) return readHost(head, true);
    return first >= 65 && first <= 90 ? this.#readYearless(head, offset) : this.#readDated(head, offset);
  }

  /** YYYY-MM-DDThh:mm:ss, perhaps a fraction, perhaps an offset. */
  #readDated(head: Head, offset: number): boolean {
    if (!head.readDate(offset) || head.at(offset + 10) !== LETTER_T) return false;
    let end = offset + 19;
    head.partMs = 0;
    if (head.at(end) === DOT) {
      const digits = (end = head.behindFraction(end + 1)) - offset - 20;
      if (digits === 0 || digits > MAX_FRACTION_DIGITS) return false;
    }
    const sign = head.at(end);
    const hasOffset = sign === PLUS || sign === MINUS;
    if (hasOffset && (head.at(end + 3) !== COLON || (head.pair(end + 1) | head.pair(end + 4)) < 0)) {
      return false;
    }
    head.stampMs = this.#instantOf(head, end);
    head.stampEnd = hasOffset ? end + 6 : sign === LETTER_Z ? end + 1 : end;
    return readHost(head, true);
  }

  /** An offset that no zone has is none, as in Java: the time is local then. */
  #instantOf(head: Head, end: number): number {
    const { hour, seconds, partMs } = head;
    const sign = head.at(end);
    if (sign === LETTER_Z) return this.#stamps.inUtc(hour, seconds) + partMs;
    const hours = head.pair(end + 1);
    const minutes = head.pair(end + 4);
    const hasOffset = (sign === PLUS || sign === MINUS) && hours <= 23 && minutes <= 59;
    if (!hasOffset) return this.#stamps.inZone(hour, seconds) + partMs;
    const offsetMs = (hours * 60 + minutes) * MINUTE_MS;
    return this.#stamps.inUtc(hour, seconds) + partMs + (sign === PLUS ? -offsetMs : offsetMs);
  }

  /** Mmm d hh:mm:ss; what has this form but is no date leaves the event without a timestamp. */
  #readYearless(head: Head, offset: number): boolean {
    if (!isLower(head.at(offset + 1)) || !isLower(head.at(offset + 2)) || !head.isSpace(offset + 3)) {
      return false;
    }
    const dayStart = head.isSpace(offset + 4) ? offset + 5 : offset + 4;
    if (!head.isDigit(dayStart)) return false;
    const dayEnd = head.isDigit(dayStart + 1) ? dayStart + 2 : dayStart + 1;
    const hour = head.pair(dayEnd + 1);
    const minute = head.pair(dayEnd + 4);
    const second = head.pair(dayEnd + 7);
    if (!head.isSpace(dayEnd) || (hour | minute | second) < 0) return false;
    if (head.at(dayEnd + 3) !== COLON || head.at(dayEnd + 6) !== COLON) return false;
    head.stampEnd = dayEnd + 9;
    const month = monthAt(head.bytes, offset);
    const hasBlanks = head.at(offset + 3) === BLANK && head.at(dayEnd) === BLANK &&
      (dayStart === offset + 4 || head.at(offset + 4) === BLANK || head.at(offset + 4) === TAB);
    if (month > 0 && hasBlanks) {
      const day = dayEnd === dayStart + 2 ? head.pair(dayStart) : head.at(dayStart) - 48;
      head.stampMs = this.#stamps.withoutYear(month * 10_000 + day * 100 + hour, minute * 60 + second);
    }
    return readHost(head, false);
  }
}

function isLower(byte: number): boolean {
  return byte >= 97 && byte <= 122;
}

/** What stands behind the timestamp: a blank, the host or (where that is allowed) "-", and a blank. */
function readHost(head: Head, mayBeUnknown: boolean): boolean {
  const start = head.stampEnd + 1;
  if (!head.isSpace(start - 1)) return false;
  head.hasHost = head.isWord(start);
  if (!head.hasHost && !(mayBeUnknown && head.at(start) === MINUS)) return false;
  const end = head.hasHost ? head.behindHost(start + 1) : start + 1;
  if (!head.isSpace(end)) return false;
  head.hostStart = start;
  head.hostEnd = end;
  head.bodyStart = end + 1;
  return true;
}

function stops({ bytes: { buffer, byteOffset }, bodyStart, to }: Head): boolean {
  return TERMINATOR.test(Buffer.from(buffer, byteOffset + bodyStart, to - bodyStart).toString("latin1"));
}
