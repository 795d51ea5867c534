const HOUR_SLOTS = 64;
const SECOND_SLOTS = 256;
const HOUR_MS = 3_600_000;
const MS_TEXTS = Array.from({ length: 1000 }, (_, ms) => String(ms).padStart(3, "0"));

/**
 * An hour as it is written: year · 10⁶ + month · 10⁴ + day · 100 + hour; the year is 0 where none is written. Month, day
 * and hour may be out of their range, and then run over into the next year, month or day.
 */
export type HourKey = number;

/** The zone that timestamps are in which name none. */
export type StampZone = "local" | "utc";

/** Turns the timestamps of syslog into epoch ms, and those into text; what comes again and again is remembered. */
export class Stamps {
  readonly #zone: StampZone;
  readonly #utc = new Hours(wallMs);
  readonly #zoned = new Hours((key, seconds) => this.#instantOf(wallMs(key, seconds)));
  readonly #yearless = new Hours((key, seconds) => this.#instantOf(this.#guessYear(key, seconds)));
  readonly #seconds = new Float64Array(SECOND_SLOTS);
  readonly #secondTexts: string[] = new Array(SECOND_SLOTS).fill("");
  #nowMs = NaN;
  #nowWallMs = NaN;

  constructor(zone: StampZone) {
    this.#zone = zone;
  }

  /** The time, by which years are guessed; set before each batch. */
  set nowMs(nowMs: number) {
    const isSameSecond = Math.floor(nowMs / 1000) === Math.floor(this.#nowMs / 1000);
    this.#nowMs = nowMs;
    if (isSameSecond) return;
    this.#nowWallMs = this.#zone === "utc" ? nowMs : nowMs - new Date(nowMs).getTimezoneOffset() * 60_000;
    this.#yearless.clear();
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** A time in UTC. */
  inUtc(key: HourKey, seconds: number): number {
    return this.#utc.at(key, seconds);
  }

  /** A time in the zone of timestamps that name none. */
  inZone(key: HourKey, seconds: number): number {
    return this.#zoned.at(key, seconds);
  }

  /** A time in that zone without a year: the year that puts it from eleven months ago to one month ahead. */
  withoutYear(key: HourKey, seconds: number): number {
    return this.#yearless.at(key, seconds);
  }

  /** Epoch ms as text: that of the second is remembered, the rest of it comes from a table. */
  text(ms: number): string {
    if (ms < 1000) return String(ms);
    const second = Math.floor(ms / 1000);
    const slot = second & (SECOND_SLOTS - 1);
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second;
      this.#secondTexts[slot] = String(second);
    }
    return this.#secondTexts[slot]! + MS_TEXTS[ms - second * 1000]!;
  }

  /** Flume starts with the year that it is in UTC, and moves the day by one year where that is too far off. */
  #guessYear(key: HourKey, seconds: number): number {
    const year = new Date(this.#nowMs).getUTCFullYear();
    const ms = wallMs(year * 1_000_000 + key, seconds);
    if (addMonths(ms, -1) > this.#nowWallMs) return addMonths(ms, -12);
    return addMonths(ms, 11) < this.#nowWallMs ? addMonths(ms, 12) : ms;
  }

  /** The instant at which clocks of the zone show this time; the later one where they show it twice, as Java has it. */
  #instantOf(wall: number): number {
    if (this.#zone === "utc") return wall;
    const shown = new Date(wall);
    const date = new Date(shown.getUTCFullYear(), shown.getUTCMonth(), shown.getUTCDate());
    date.setFullYear(shown.getUTCFullYear());
    const ms = date.setHours(shown.getUTCHours(), shown.getUTCMinutes(), shown.getUTCSeconds());
    const later = new Date(ms + HOUR_MS);
    const isTwice = later.getHours() === date.getHours() && later.getDate() === date.getDate();
    return isTwice ? ms + HOUR_MS : ms;
  }
}

/** Remembers when hours begin, as long as they have 3,600 seconds: not where clocks are changed or a year turns. */
class Hours {
  readonly #instantOf: (key: HourKey, seconds: number) => number;
  readonly #keys = new Float64Array(HOUR_SLOTS).fill(-1);
  readonly #starts = new Float64Array(HOUR_SLOTS);

  constructor(instantOf: (key: HourKey, seconds: number) => number) {
    this.#instantOf = instantOf;
  }

  at(key: HourKey, seconds: number): number {
    const slot = key & (HOUR_SLOTS - 1);
    if (this.#keys[slot] !== key) {
      const start = this.#instantOf(key, 0);
      if (this.#instantOf(key, 3599) - start !== HOUR_MS - 1000) return this.#instantOf(key, seconds);
      this.#keys[slot] = key;
      this.#starts[slot] = start;
    }
    return this.#starts[slot]! + seconds * 1000;
  }

  clear(): void {
    this.#keys.fill(-1);
  }
}

/** What the clock on the wall shows, as if it stood in Greenwich. */
function wallMs(key: HourKey, seconds: number): number {
  const date = new Date(0);
  const month = Math.floor(key / 10_000) % 100;
  date.setUTCFullYear(Math.floor(key / 1_000_000), month - 1, Math.floor(key / 100) % 100);
  return date.setUTCHours(key % 100, 0, seconds);
}

/** The same day and time some months later, or the last day of a month that is shorter. */
function addMonths(ms: number, months: number): number {
  const date = new Date(ms);
  const day = date.getUTCDate();
  date.setUTCMonth(date.getUTCMonth() + months, 1);
  const days = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return date.setUTCDate(Math.min(day, days));
}
