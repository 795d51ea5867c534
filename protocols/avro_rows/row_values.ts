import { RowFault } from "./row_fault.ts";
import type { RowNode } from "./row_schema.ts";

type Ticks = Extract<RowNode, { kind: "timestamp" | "local_timestamp" | "time" }>;
type Decimal = Extract<RowNode, { kind: "decimal" }>;

const DAY_MS = 86_400_000;
const NUMBER = /^-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?$/;
const DATE = /^(\d{4}-\d\d-\d\d)$/;
const DATE_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?$/;
const DECIMAL = /^(-?)(\d+)(?:\.(\d*))?$/;
const [MIN_LONG, MAX_LONG] = [-(2n ** 63n), 2n ** 63n - 1n];

/** A number, or the text of one; NaN for everything else. */
export function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && NUMBER.test(value) ? Number(value) : NaN;
}

/**
 * A whole number of 64 bits; above 2^53 as text, since a number in JSON has lost its last digits there.
 * @throws {RowFault}
 */
export function longOf(value: unknown): number | bigint {
  if (Number.isSafeInteger(value)) return value as number;
  if (typeof value === "string" && /^-?\d{1,19}$/.test(value)) {
    const whole = BigInt(value);
    if (whole >= MIN_LONG && whole <= MAX_LONG) return whole;
  }
  if (typeof value === "number" && Number.isInteger(value)) {
    throw new RowFault(value, "exact: write whole numbers beyond 2^53 as text");
  }
  throw new RowFault(value, "a whole number of 64 bits");
}

/**
 * Days since 1970-01-01, given as such or as `2026-11-21`.
 * @throws {RowFault}
 */
export function daysOf(value: unknown): number {
  const isDay = typeof value === "string" && DATE.test(value);
  const days = isDay ? dayMs(value) / DAY_MS : numberOf(value);
  if (days !== (days | 0)) throw new RowFault(value, "a date such as 2026-11-21, or days since 1970");
  return days;
}

/**
 * Milliseconds or microseconds, given as such; of a timestamp also as `2026-11-21T17:00:00.123Z`, which is UTC where no zone
 * stands.
 * @throws {RowFault}
 */
export function ticksOf(value: unknown, { kind, unit }: Ticks): number {
  const ticks = kind !== "time" && typeof value === "string" && DATE_TIME.test(value)
    ? dateTimeTicks(value, { unit, hasZone: kind === "timestamp" })
    : numberOf(value);
  if (Number.isSafeInteger(ticks) && (kind !== "time" || ticks >= 0)) return ticks;
  const text = kind === "time" ? "" : "a time such as 2026-11-21T17:00:00.123Z, or ";
  throw new RowFault(value, `${text}${unit === "millis" ? "milli" : "micro"}seconds`);
}

/** NaN for days and hours that there are not, and for a zone where none has a meaning. */
function dateTimeTicks(text: string, { unit, hasZone }: { unit: Ticks["unit"]; hasZone: boolean }): number {
  const [, day = "", minute = "", second = "00", fraction = "", zone] = DATE_TIME.exec(text)!;
  if (Number.isNaN(dayMs(day)) || (zone !== undefined && !hasZone)) return NaN;
  const ms = Date.parse(`${day}T${minute}:${second}Z`) - zoneMs(zone ?? "Z");
  const digits = fraction.padEnd(6, "0");
  return unit === "millis" ? ms + Number(digits.slice(0, 3)) : ms * 1000 + Number(digits.slice(0, 6));
}

/** The start of a day, of those that exist. */
function dayMs(day: string): number {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day ? NaN : ms;
}

function zoneMs(zone: string): number {
  if (zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

/**
 * The digits of a decimal number as one whole number in two's complement, the big end first. A number of JSON counts as it
 * is written shortest.
 * @throws {RowFault} when it has more digits than there is room for; nothing is rounded.
 */
export function decimalOf(value: unknown, { precision, scale, bytes }: Decimal): Uint8Array {
  const [, sign = "", whole = "", fraction = ""] = DECIMAL.exec(String(value)) ?? [];
  const digits = `${whole}${fraction.padEnd(scale, "0")}`.replace(/^0+/, "");
  const isNumber = typeof value === "number" || typeof value === "string";
  if (!isNumber || whole === "" || fraction.length > scale || digits.length > precision) {
    throw new RowFault(value, `a decimal number of ${precision} digits, ${scale} of them behind the point`);
  }
  return twosComplement(BigInt(`${sign}${digits || "0"}`), bytes);
}

function twosComplement(value: bigint, bytes: number | undefined): Uint8Array {
  let length = bytes ?? 1;
  while (bytes === undefined && BigInt.asIntN(length * 8, value) !== value) length++;
  const target = new Uint8Array(length);
  let rest = value;
  for (let at = length - 1; at >= 0; at--, rest >>= 8n) target[at] = Number(rest & 0xFFn);
  return target;
}
