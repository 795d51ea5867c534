/**
 * A span whose ends have the same offset has it throughout: clocks are changed at most once a day, nearly always at a quarter
 * of an hour (Newfoundland's were at one minute past midnight).
 */
const STEPS_MS = [86_400_000, 900_000];
const MAX_REMEMBERED = 20_000;

/** A unit of Flume's `roundUnit`. */
export type RoundUnit = "second" | "minute" | "hour";

/** Down to which multiple of a unit times are rounded. */
export interface Rounding {
  readonly value: number;
  readonly unit: RoundUnit;
}

/** A unit in milliseconds, and the next larger one, at whose start counting begins again. */
const UNITS = {
  second: { unitMs: 1_000, wholeMs: 60_000, most: 60 },
  minute: { unitMs: 60_000, wholeMs: 3_600_000, most: 60 },
  hour: { unitMs: 3_600_000, wholeMs: 86_400_000, most: 24 },
} as const;

/** The rules of one time zone, asked of the system's own tables and remembered, for they are slow to ask. */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  /**
   * The zone by the name that Java knows: `Asia/Shanghai`, `GMT+8`, `PST`; the system's own without one.
   * @throws {RangeError} for one that does not exist; Java takes GMT then, without a word.
   */
  constructor(name: string | undefined) {
    const timeZone = name === undefined ? undefined : plainOffset(name) ?? name;
    try {
      this.#format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
    } catch (cause) {
      const fix = "write a name such as Europe/Berlin, or an offset such as GMT+8";
      throw new RangeError(`There is no time zone "${name}": ${fix}`, { cause });
    }
  }

  /** Local time minus UTC. */
  offsetMs(ms: number): number {
    for (const stepMs of STEPS_MS) {
      const startMs = Math.floor(ms / stepMs) * stepMs;
      const offset = this.#remembered(startMs);
      if (offset === this.#remembered(startMs + stepMs)) return offset;
    }
    return this.#read(ms);
  }

  #remembered(ms: number): number {
    let offset = this.#offsets.get(ms);
    if (offset === undefined) {
      if (this.#offsets.size >= MAX_REMEMBERED) this.#offsets.clear();
      this.#offsets.set(ms, offset = this.#read(ms));
    }
    return offset;
  }

  #read(ms: number): number {
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(this.#format.format(ms))!;
    const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
    return sign === "-" ? -offset : offset;
  }

  /**
   * The start of the span that holds a time: as Flume's, it is counted in local time from the start of the minute, the hour
   * or the day, so 7 minutes make spans at :00, :07 … :56.
   */
  roundDown(ms: number, { value, unit }: Rounding): number {
    const { unitMs, wholeMs } = UNITS[unit];
    const offset = this.offsetMs(ms);
    const local = ms + offset;
    const whole = Math.floor(local / wholeMs) * wholeMs;
    const rounded = whole + Math.floor((local - whole) / (value * unitMs)) * value * unitMs;
    // Clocks may have been changed between the start of the span and now.
    return rounded - this.offsetMs(rounded - offset);
  }
}

/** @throws {RangeError} for a value that Flume refuses as well. */
export function checkRounding({ value, unit }: Rounding): void {
  const { most } = UNITS[unit];
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new RangeError(`Cannot round to ${value} ${unit}s: write a whole number from 1 to ${most}`);
}

/** `GMT+8`, `GMT-03:30`, `UTC+8` as `+08:00`, `-03:30`, `+08:00`. */
function plainOffset(name: string): string | undefined {
  const [, sign, hours, minutes = "00"] = /^(?:GMT|UTC|UT)([+-])(\d{1,2})(?::?(\d\d))?$/.exec(name) ?? [];
  return hours === undefined ? undefined : `${sign}${hours.padStart(2, "0")}:${minutes}`;
}
