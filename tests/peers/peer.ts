import { until } from "../support/until.ts";

/** A program and how it is started. */
export interface PeerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const LINES_KEPT = 20_000;
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 40_000;

/** An agent at work in a process of its own, Sluice's or Flume's, and what it says. */
export class Peer {
  /** The last lines of its output, both streams together. */
  readonly lines: string[] = [];
  readonly ended: Promise<Deno.CommandStatus>;
  hasEnded = false;
  readonly program: string;
  readonly #child: Deno.ChildProcess;

  constructor({ program, args, cwd, env }: PeerCommand) {
    this.program = program;
    this.#child = new Deno.Command(program, {
      args: [...args],
      ...cwd === undefined ? {} : { cwd },
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.ended = this.#end();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Sends a signal; one that comes too late does no harm. */
  signal(name: Deno.Signal): void {
    try {
      this.#child.kill(name);
    } catch {
      // It has ended.
    }
  }

  /** Stops it in order and answers with its exit code; one that does not stop is killed, and the test fails. */
  async stop(): Promise<number> {
    this.signal("SIGTERM");
    await until(`process ${this.pid} to stop; ${this.lastWords}`, () => this.hasEnded, STOP_LIMIT_MS)
      .catch(async (cause) => {
        await this.kill();
        throw cause;
      });
    return (await this.ended).code;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  /** Lines that hold a text or match a pattern. */
  saying(what: string | RegExp): string[] {
    return this.lines.filter((line) => typeof what === "string" ? line.includes(what) : what.test(line));
  }

  /** Waits for so many lines that hold a text or match a pattern; fails at once when the process ends before. */
  async untilItSays(what: string | RegExp, times = 1): Promise<void> {
    const isSaid = () => this.saying(what).length >= times;
    await until(`"${what}"`, () => isSaid() || this.hasEnded, START_LIMIT_MS).catch((cause) => {
      throw new Error(`${cause.message}; ${this.lastWords}`);
    });
    if (!isSaid()) throw new Error(`The process ended without saying "${what}"; ${this.lastWords}`);
  }

  /** The end of its output, for what a failed test tells. */
  get lastWords(): string {
    return `it says:\n${this.lines.slice(-30).join("\n")}`;
  }

  async #end(): Promise<Deno.CommandStatus> {
    await Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
    const status = await this.#child.status;
    this.hasEnded = true;
    return status;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.lines.push(...lines);
      if (this.lines.length > LINES_KEPT) this.lines.splice(0, this.lines.length - LINES_KEPT);
    }
    if (rest !== "") this.lines.push(rest);
  }
}
