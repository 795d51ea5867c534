import { type Column, PoisonError } from "sluice/plugin";

/** Epoch milliseconds of 1973 and of 5138: what is outside was not meant as milliseconds. */
const LEAST_MS = 1e11;
const LIMIT_MS = 1e14;
const SHOWN_CHARS = 40;

/** What is wrong with a timestamp, and what may have been meant. */
const FAULTS = {
  missing: "is missing",
  odd: "is not a plain whole number",
  early: "looks like seconds, not milliseconds",
  late: "looks like microseconds or nanoseconds, not milliseconds",
} as const;

/** Reads epoch milliseconds; NaN where the text is none. By hand, for each event has one. */
export function readMs(text: string | undefined): number {
  if (text === undefined || text.length < 12 || text.length > 14) return NaN;
  let ms = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return NaN;
    ms = ms * 10 + digit;
  }
  return ms >= LEAST_MS ? ms : NaN;
}

/** Names the events that have the same fault as the first one that has any. */
export function timestampFault(column: Column | undefined, size: number): PoisonError {
  const texts = Array.from(
    { length: size },
    (_, index) => typeof column === "object" ? column[index] : column,
  );
  const kinds = texts.map(faultOf);
  const first = kinds.findIndex((kind) => kind !== undefined);
  const indexes = Array.from(kinds.keys()).filter((index) => kinds[index] === kinds[first]);
  const isSame = indexes.every((index) => texts[index] === texts[first]);
  const fix = kinds[first] === "missing"
    ? "add a timestamp interceptor, or set useLocalTimeStamp"
    : "write epoch milliseconds into it, or set useLocalTimeStamp";
  return new PoisonError(
    `Cannot tell the time of an event: its header "timestamp" ${told(texts[first], isSame)}${
      FAULTS[kinds[first]!]
    }; ${fix}`,
    indexes,
  );
}

function faultOf(text: string | undefined): keyof typeof FAULTS | undefined {
  if (!Number.isNaN(readMs(text))) return undefined;
  if (text === undefined) return "missing";
  if (!/^-?(?:0|[1-9]\d{0,30})$/.test(text)) return "odd";
  return Number(text) < LIMIT_MS ? "early" : "late";
}

/** The first value stands for all of them. */
function told(text: string | undefined, isSame: boolean): string {
  if (text === undefined) return "";
  const shown = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
  return `is ${JSON.stringify(shown)}${isSame ? "" : " or the like"}, which `;
}
