/** Numbered lines of an origin, from one number up to before another. */
export function linesOf(origin: string, from: number, to: number): string[] {
  return Array.from(
    { length: to - from },
    (_, at) => `${origin} ${from + at} ${"x".repeat((from + at) % 90)}`,
  );
}

/** Adds lines to a log. */
export function append(path: string, lines: readonly string[]): void {
  Deno.writeTextFileSync(path, lines.map((line) => `${line}\n`).join(""), { append: true });
}

/** Which of some lines have not come at all. */
export function missing(wanted: readonly string[], come: readonly string[]): string[] {
  const all = new Set(come);
  return wanted.filter((line) => !all.has(line));
}
