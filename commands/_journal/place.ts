import { usageError } from "../exit.ts";

/** A place in a journal as a person writes it. */
export type WrittenPlace = { readonly sequence: number } | { readonly timeMs: number } | "earliest" | "end";

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * Reads a sequence number, `earliest`, `end`, or a time such as `2026-11-21T10:00`, which is local unless it names its
 * zone; a day alone begins at midnight.
 * @throws {CommandError} when it is none of these.
 */
export function placeOf(option: string, written: string): WrittenPlace {
  const word = written.trim();
  if (word === "earliest" || word === "end") return word;
  if (/^\d{1,15}$/.test(word)) return { sequence: Number(word) };
  const timeMs = epochMs(word);
  if (timeMs !== undefined) return { timeMs };
  throw usageError(
    `--${option} cannot be "${written}"`,
    "write earliest, end, a sequence number, or a time: 2026-11-21T10:00, 2026-11-21T10:00Z or 2026-11-21T10:00+02:00",
  );
}

function epochMs(word: string): number | undefined {
  const [, day, time = "00:00", zone = ""] = TIME.exec(word) ?? [];
  if (day === undefined || !isDay(day)) return undefined;
  const timeMs = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** The 30th of February would be taken as the 2nd of March. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
