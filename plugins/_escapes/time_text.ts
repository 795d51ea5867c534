/** A time with what its zone makes of it. */
interface Moment {
  readonly ms: number;
  /** Its UTC fields are the zone's local ones. */
  readonly local: Date;
  readonly offsetMs: number;
}

const MONTHS = ["January", "February", "March", "April", "May", "June", "July"].concat(
  ["August", "September", "October", "November", "December"],
);
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY_MS = 86_400_000;
const SECOND_LETTERS = "sSc";

/** Flume's letters; each stands for a pattern of Java's SimpleDateFormat. */
const LETTERS: Readonly<Record<string, (moment: Moment) => string>> = {
  s: ({ ms }) => String(Math.floor(ms / 1000)),
  a: ({ local }) => DAYS[local.getUTCDay()]!.slice(0, 3),
  A: ({ local }) => DAYS[local.getUTCDay()]!,
  b: ({ local }) => MONTHS[local.getUTCMonth()]!.slice(0, 3),
  B: ({ local }) => MONTHS[local.getUTCMonth()]!,
  c: (moment) => ["a", "b", "e", "clock", "Y"].map((letter) => LETTERS[letter]!(moment)).join(" "),
  clock: (moment) => ["H", "M", "S"].map((letter) => LETTERS[letter]!(moment)).join(":"),
  d: ({ local }) => padded(local.getUTCDate(), 2),
  e: ({ local }) => String(local.getUTCDate()),
  H: ({ local }) => padded(local.getUTCHours(), 2),
  I: ({ local }) => padded(local.getUTCHours() % 12 || 12, 2),
  j: ({ local }) => padded(dayOfYear(local), 3),
  k: ({ local }) => String(local.getUTCHours()),
  l: ({ local }) => String(local.getUTCHours() % 12 || 12),
  m: ({ local }) => padded(local.getUTCMonth() + 1, 2),
  n: ({ local }) => String(local.getUTCMonth() + 1),
  M: ({ local }) => padded(local.getUTCMinutes(), 2),
  p: ({ local }) => local.getUTCHours() < 12 ? "AM" : "PM",
  S: ({ local }) => padded(local.getUTCSeconds(), 2),
  y: ({ local }) => padded(local.getUTCFullYear() % 100, 2),
  Y: ({ local }) => padded(local.getUTCFullYear(), 4),
  z: ({ offsetMs }) => offsetText(offsetMs / 60_000),
};

/** How long the text of some letters stays the same; minutes at most, for no zone changes within one. */
export function spanMs(letters: readonly string[]): number {
  return letters.some((letter) => SECOND_LETTERS.includes(letter)) ? 1_000 : 60_000;
}

/** What a letter stands for at a time, in a zone that is so far from UTC. */
export function timeText(
  letter: string,
  { ms, offsetMs }: { readonly ms: number; readonly offsetMs: number },
): string {
  return LETTERS[letter]!({ ms, local: new Date(ms + offsetMs), offsetMs });
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

function dayOfYear(local: Date): number {
  return Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / DAY_MS) + 1;
}

/** `+0130`. */
function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${padded(Math.floor(size / 60), 2)}${padded(size % 60, 2)}`;
}
