import type { Dialect, Head, HeadState } from "./head.ts";
import { monthAt } from "./months.ts";
import type { Stamps } from "./stamps.ts";

const [BLANK, PLUS, MINUS, DOT, COLON, LETTER_T, LETTER_Z] = [32, 43, 45, 46, 58, 84, 90];
/** Mmm dd hh:mm:ss, a day of one digit behind two blanks. */
const YEARLESS_BYTES = 15;
/** YYYY-MM-DDThh:mm:ss. */
const DATED_BYTES = 19;
const MINUTE_MS = 60_000;
/** A day that is no leap day may still be one in the year that is guessed. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Heads as `multiport_syslogtcp` reads them: anything without a blank is a host, and a line that does not fit is
 * invalid. "-" for the time is the time at which it came; a date without a year that does not exist is 0.
 */
export class MultiportDialect implements Dialect {
  readonly #stamps: Stamps;

  constructor(stamps: Stamps) {
    this.#stamps = stamps;
  }

  read(head: Head): HeadState {
    let start = head.readPriority(5);
    if (start < 0 || start >= head.to) return "invalid";
    if (start + 2 < head.to && head.at(start) === 49 && head.at(start + 1) === BLANK) {
      head.version = 49;
      start += 2;
    }
    head.stampStart = start;
    return this.#readStamp(head) && readHost(head) ? "whole" : "invalid";
  }

  #readStamp(head: Head): boolean {
    const { stampStart: start } = head;
    const first = head.at(start);
    if (first === MINUS) {
      head.stampMs = this.#stamps.nowMs;
      head.stampEnd = start + 1;
      return start + 2 < head.to;
    }
    if (first >= 65 && first <= 90) {
      head.stampEnd = start + YEARLESS_BYTES;
      head.stampMs = this.#yearless(head);
      return head.stampEnd < head.to;
    }
    head.stampEnd = nextBlank(head, start);
    return head.stampEnd - start > DATED_BYTES && this.#readDated(head);
  }

  /** 0 for what is no date, as in Flume. */
  #yearless(head: Head): number {
    const { stampStart: start } = head;
    const month = start + YEARLESS_BYTES <= head.to ? monthAt(head.bytes, start) : 0;
    const day = head.at(start + 4) === BLANK ? head.at(start + 5) - 48 : head.pair(start + 4);
    const hour = head.pair(start + 7);
    const minute = head.pair(start + 10);
    const second = head.pair(start + 13);
    const isDate = month > 0 && day >= 1 && day <= MONTH_DAYS[month - 1]! && isTime(hour, minute, second);
    const isWritten = head.at(start + 3) === BLANK && head.at(start + 6) === BLANK &&
      head.at(start + 9) === COLON && head.at(start + 12) === COLON;
    if (!isDate || !isWritten) return 0;
    return this.#stamps.withoutYear(month * 10_000 + day * 100 + hour, minute * 60 + second);
  }

  /** What stands behind the seconds and is neither a fraction nor an offset counts as UTC. */
  #readDated(head: Head): boolean {
    const { stampStart: start, stampEnd: end } = head;
    if (!head.readDate(start) || (head.at(start + 10) | 32) !== (LETTER_T | 32) || !isDay(head.hour)) {
      return false;
    }
    if (!isTime(head.hour % 100, Math.floor(head.seconds / 60), head.pair(start + 17))) return false;
    let zone = start + DATED_BYTES;
    head.partMs = 0;
    if (head.at(zone) === DOT) {
      zone = head.behindFraction(zone + 1);
      if (zone === start + DATED_BYTES + 1 || zone >= end) return false;
    }
    head.stampMs = this.#stamps.inUtc(head.hour, head.seconds) + head.partMs;
    const sign = head.at(zone);
    if (sign === LETTER_Z || (sign !== PLUS && sign !== MINUS)) return true;
    const hours = head.pair(zone + 1);
    const minutes = head.pair(zone + 4);
    if (zone + 6 > end || (hours | minutes) < 0 || head.at(zone + 3) !== COLON) return false;
    head.stampMs += (hours * 60 + minutes) * (sign === PLUS ? -MINUTE_MS : MINUTE_MS);
    return true;
  }
}

function isTime(hour: number, minute: number, second: number): boolean {
  return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59;
}

/** Whether the calendar has the day of such an hour. */
function isDay(hour: number): boolean {
  const [year, month, day] = [
    Math.floor(hour / 1_000_000),
    Math.floor(hour / 10_000) % 100,
    Math.floor(hour / 100) % 100,
  ];
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= 28 || day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** The offset of the next blank; -1 when there is none. */
function nextBlank({ bytes, to }: Head, offset: number): number {
  while (offset < to && bytes[offset] !== BLANK) offset++;
  return offset < to ? offset : -1;
}

/** All up to the next blank; a line that ends there is its own body, as in Flume. */
function readHost(head: Head): boolean {
  head.hostStart = head.stampEnd + 1;
  head.hostEnd = nextBlank(head, head.hostStart);
  head.hasHost = true;
  head.bodyStart = head.hostEnd + 1 < head.to ? head.hostEnd + 1 : head.from;
  return head.hostEnd >= 0;
}
