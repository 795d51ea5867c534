type Field = (date: Date, width: number) => string;

const MONTHS = ["January", "February", "March", "April", "May", "June", "July"].concat(
  ["August", "September", "October", "November", "December"],
);
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const pad = (value: number, width: number) => String(value).padStart(width, "0");
const named = (name: string, width: number) => width >= 4 ? name : name.slice(0, 3);

/** The letters of Java's SimpleDateFormat; the width is how often the letter stands in a row. */
const FIELDS: Readonly<Record<string, Field>> = {
  y: (date, width) => width === 2 ? pad(date.getFullYear() % 100, 2) : pad(date.getFullYear(), width),
  M: (date, width) => width >= 3 ? named(MONTHS[date.getMonth()]!, width) : pad(date.getMonth() + 1, width),
  d: (date, width) => pad(date.getDate(), width),
  D: (date, width) => pad(dayOfYear(date), width),
  E: (date, width) => named(DAYS[date.getDay()]!, width),
  u: (date, width) => pad(date.getDay() || 7, width),
  a: (date) => date.getHours() < 12 ? "AM" : "PM",
  H: (date, width) => pad(date.getHours(), width),
  k: (date, width) => pad(date.getHours() || 24, width),
  K: (date, width) => pad(date.getHours() % 12, width),
  h: (date, width) => pad(date.getHours() % 12 || 12, width),
  m: (date, width) => pad(date.getMinutes(), width),
  s: (date, width) => pad(date.getSeconds(), width),
  S: (date, width) => pad(date.getMilliseconds(), width),
  z: (date) => zoneName(date),
  Z: (date) => offsetOf(date, ""),
  X: (date, width) => width === 1 ? offsetOf(date, "").slice(0, 3) : offsetOf(date, width === 3 ? ":" : ""),
};

/** Formats a date in local time by a pattern of Java's SimpleDateFormat; undefined when a letter is none of its fields. */
export function formatDate(date: Date, pattern: string): string | undefined {
  let result = "";
  for (const [part] of pattern.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'/g)) {
    if (part === "''") result += "'";
    else if (part.startsWith("'")) result += part.slice(1, -1).replaceAll("''", "'");
    else if (/^[A-Za-z]/.test(part)) {
      const field = FIELDS[part[0]!];
      if (!field) return undefined;
      result += field(date, part.length);
    } else result += part;
  }
  return result;
}

function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 86_400_000 + 1;
}

/** `+0130`, or `+01:30`. */
function offsetOf(date: Date, colon: string): string {
  const minutes = -date.getTimezoneOffset();
  const sign = minutes < 0 ? "-" : "+";
  return `${sign}${pad(Math.trunc(Math.abs(minutes) / 60), 2)}${colon}${pad(Math.abs(minutes) % 60, 2)}`;
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(date);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
}
