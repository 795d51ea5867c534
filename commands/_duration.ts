import { usageError } from "./exit.ts";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/**
 * Reads the value of an option as a length of time in milliseconds: `500ms`, `10s`, `5m`, `1h`; a plain number is seconds.
 * @throws {CommandError} when it is none.
 */
export function durationMs(option: string, written: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|)$/.exec(written.trim()) ?? [];
  if (number !== undefined) return Number(number) * (UNIT_MS[unit] ?? 1000);
  throw usageError(
    `--${option} cannot be "${written}"`,
    "write a length of time such as 500ms, 10s, 5m or 1h",
  );
}

/**
 * Reads the value of an option as a whole number of at least 1.
 * @throws {CommandError} when it is none.
 */
export function countOf(option: string, written: string): number {
  if (/^[1-9]\d{0,8}$/.test(written.trim())) return Number(written);
  throw usageError(`--${option} cannot be "${written}"`, "write a whole number from 1 to 999999999");
}
