const UTF8 = new TextEncoder();

/** Writes text to standard output, whole; a reader that has gone away (`| head`) ends the program quietly. */
export function print(text: string): void {
  printBytes(UTF8.encode(text));
}

/** Writes bytes to standard output, as `print` does. */
export function printBytes(bytes: Uint8Array): void {
  try {
    writeAll(Deno.stdout, bytes);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
    Deno.exit(0);
  }
}

/** Writes text to standard error, whole; what nobody can read any more is not worth failing for. */
export function printError(text: string): void {
  try {
    writeAll(Deno.stderr, UTF8.encode(text));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
  }
}

/** Whether standard error is a terminal that wants colour; `NO_COLOR` says no. */
export function errorColour(): boolean {
  return Deno.stderr.isTerminal() && !Deno.noColor;
}

/** Whether standard output is a terminal that wants colour. */
export function outputColour(): boolean {
  return Deno.stdout.isTerminal() && !Deno.noColor;
}

/** Lines up rows in columns, two spaces between them; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.slice(0, -1).forEach((cell, at) => widths[at] = Math.max(widths[at] ?? 0, cell.length));
  }
  const lines = rows.map((row) =>
    row.map((cell, at) => at === row.length - 1 ? cell : cell.padEnd(widths[at]!)).join("  ").trimEnd()
  );
  return lines.map((line) => `${indent}${line}\n`).join("");
}

function writeAll(target: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) offset += target.writeSync(bytes.subarray(offset));
}
