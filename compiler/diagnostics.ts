import type { Place } from "./tree.ts";

/** One complaint about a pipeline file: what, where, and how to fix it. */
export interface Diagnostic {
  readonly severity: "error" | "warning" | "note";
  /** Stable, for programs: `unknown-field`. */
  readonly code: string;
  readonly text: string;
  readonly fix?: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The property that it is about, as it was written; only in Flume's syntax. */
  readonly property?: string;
}

/** What a complaint says. */
export interface Complaint {
  readonly text: string;
  readonly fix?: string;
}

/** Collects the complaints about a file, or about several that make one pipeline. */
export class Report {
  /** The first file: findings whose place names no file are about it. */
  readonly file: string;
  readonly #files: readonly string[];
  readonly #diagnostics = new Map<string, Diagnostic>();

  constructor(file: string, others: readonly string[] = []) {
    this.file = file;
    this.#files = [file, ...others];
  }

  /** True when the file cannot be run. */
  get hasErrors(): boolean {
    return [...this.#diagnostics.values()].some(({ severity }) => severity === "error");
  }

  /** The pipeline cannot run like this. */
  error(code: string, place: Place, complaint: Complaint): void {
    this.#add({ severity: "error", code, ...complaint, file: this.file, ...place });
  }

  /** The pipeline runs, but hardly as it was meant. */
  warning(code: string, place: Place, complaint: Complaint): void {
    this.#add({ severity: "warning", code, ...complaint, file: this.file, ...place });
  }

  /** Worth knowing. */
  note(code: string, place: Place, complaint: Complaint): void {
    this.#add({ severity: "note", code, ...complaint, file: this.file, ...place });
  }

  /** Whether an error with one of some codes is about one of some places. */
  hasErrorAt(places: readonly Place[], codes: ReadonlySet<string>): boolean {
    const keys = new Set(places.map(({ file = this.file, line }) => `${line} ${file}`));
    return [...this.#diagnostics.values()].some(({ severity, code, file, line }) =>
      severity === "error" && codes.has(code) && keys.has(`${line} ${file}`)
    );
  }

  /** All complaints in file order, each once. */
  sorted(): Diagnostic[] {
    const rank = ({ file }: Diagnostic) =>
      (this.#files.indexOf(file) + this.#files.length) % this.#files.length;
    return [...this.#diagnostics.values()].sort((one, other) =>
      rank(one) - rank(other) || compare(one.file, other.file) || one.line - other.line ||
      one.column - other.column || compare(one.code, other.code) ||
      compare(one.text, other.text)
    );
  }

  #add(found: Diagnostic): void {
    const { property, text } = found;
    const isNamed = property === undefined || text.includes(`"${property}"`);
    const diagnostic = isNamed ? found : { ...found, text: `${property}: ${text}` };
    this.#diagnostics.set(JSON.stringify(diagnostic), diagnostic);
  }
}

const COLOURS = { error: "31", warning: "33", note: "36" } as const;

/** Prints complaints for people, two lines each; the second names the fix. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  options: { colour?: boolean } = {},
): string {
  const paint = (code: string, text: string) => options.colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  return diagnostics.map(({ severity, code, text, fix, file, line, column }) => {
    const place = paint("1", `${file}:${line}:${column}`);
    const what = `${place} ${paint(COLOURS[severity], severity)} ${code}: ${oneLine(text)}\n`;
    return fix === undefined ? what : `${what}  ${paint("32", "fix")}: ${oneLine(fix)}\n`;
  }).join("");
}

/** Prints complaints for programs: a JSON list. */
export function renderDiagnosticsJson(diagnostics: readonly Diagnostic[]): string {
  return `${JSON.stringify(diagnostics, null, 2)}\n`;
}

/** Control characters of a value must neither break the lines nor reach the terminal. */
function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => JSON.stringify(character).slice(1, -1));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
