import { ROOT } from "../support/run_pipeline.ts";
import { until } from "../support/until.ts";

const LINES_KEPT = 400;

/** How an agent is started. */
export interface AgentOptions {
  readonly pipeline: string;
  readonly stateDir: string;
  readonly shutdownTimeout?: string;
  /** So many files may it have open, where that is less than here. */
  readonly descriptorLimit?: number;
}

/** A Sluice process, and what it says. */
export class Agent {
  /** The last lines of its log, which are in JSON. */
  readonly lines: string[] = [];
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #hasEnded = false;

  constructor({ pipeline, stateDir, shutdownTimeout, descriptorLimit }: AgentOptions) {
    const limit = shutdownTimeout === undefined ? [] : ["--shutdown-timeout", shutdownTimeout];
    const words = [pipeline, "--log-format", "json", "--state-dir", stateDir, ...limit];
    const whole = [Deno.execPath(), "run", "-A", `${ROOT}cli.ts`, ...words];
    const [program, ...args] = descriptorLimit === undefined
      ? whole
      : ["sh", "-c", `ulimit -n ${descriptorLimit} && exec "$0" "$@"`, ...whole];
    this.#child = new Deno.Command(program!, {
      args,
      cwd: ROOT,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
    this.ended = this.#child.status.then(async (status) => {
      this.#hasEnded = true;
      await this.#reading;
      return status;
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Sends a signal; one that comes too late does no harm. */
  signal(name: Deno.Signal): void {
    try {
      this.#child.kill(name);
    } catch {
      // It has ended.
    }
  }

  /** Stops it in order and answers with its exit code. */
  async stop(): Promise<number> {
    this.signal("SIGTERM");
    return (await this.ended).code;
  }

  says(text: string): boolean {
    return this.lines.some((line) => line.includes(text));
  }

  /** The port of its source, once it listens. */
  get port(): number | undefined {
    for (const line of this.lines) {
      const found = /"Listening".*"port":(\d+)/.exec(line);
      if (found) return Number(found[1]);
    }
    return undefined;
  }

  /** Waits for a line of its log that holds a text. */
  async untilItSays(text: string, limitMs = 20_000): Promise<void> {
    await until(
      `"${text}"; the agent says: ${this.lines.slice(-5).join("\n")}`,
      () => this.says(text),
      limitMs,
    );
  }

  /** Memory that it holds now, in bytes. */
  rssBytes(): number {
    const status = Deno.readTextFileSync(`/proc/${this.pid}/status`);
    return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.lines.push(...lines);
      if (this.lines.length > LINES_KEPT) this.lines.splice(0, this.lines.length - LINES_KEPT);
    }
    if (rest !== "") this.lines.push(rest);
  }
}
