import { until } from "../support/until.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const CLI = `${ROOT}cli.ts`;

/** How the program is started. */
export interface ProgramOptions {
  readonly stdin?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a run of the program left behind. */
export interface ProgramEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program at work, with its output so far. */
export class Program {
  readonly child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #outputs: Promise<void>;
  stdout = "";
  stderr = "";

  constructor(args: readonly string[], { cwd = ROOT, env = {} }: ProgramOptions) {
    this.child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", CLI, ...args],
      cwd,
      env: { NO_COLOR: "1", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.child.stdin.getWriter();
    const out = this.#collect(this.child.stdout, (text) => this.stdout += text);
    const err = this.#collect(this.child.stderr, (text) => this.stderr += text);
    this.#outputs = Promise.all([out, err]).then(() => {});
  }

  /** Writes to its standard input. */
  async write(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  /** Ends its standard input, and waits for its own end. */
  async end(): Promise<ProgramEnd> {
    await this.#writer.close().catch(() => {});
    const { code } = await this.child.status;
    await this.#outputs;
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  /** Waits until standard error holds a text. */
  async says(text: string): Promise<void> {
    await until(
      `"${text}" on standard error, which says: ${this.stderr}`,
      () => this.stderr.includes(text),
      30_000,
    );
  }

  /** The port that a source of this program says it listens on. */
  async port(): Promise<number> {
    const pattern = /"port":(\d+)/;
    await until("a port on standard error", () => pattern.test(this.stderr), 30_000);
    return Number(pattern.exec(this.stderr)![1]);
  }

  async #collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) add(decoder.decode(chunk, { stream: true }));
  }
}

/** Runs the program to its end. */
export async function sluice(args: readonly string[], options: ProgramOptions = {}): Promise<ProgramEnd> {
  const program = new Program(args, options);
  if (options.stdin !== undefined) await program.write(options.stdin).catch(() => {});
  return await program.end();
}

/** Makes a folder that is gone when the test is over, with some files in it. */
export async function folderWith(files: Readonly<Record<string, string>>) {
  const path = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${path}/${name}`, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
