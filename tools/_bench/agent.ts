import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Lab } from "./lab.ts";
import { type ProcessStats, readProcess } from "./process_stats.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));
/** Arguments that the project's own tasks give to Deno. */
export const RUN_FLAGS: readonly string[] = [
  "run",
  "-A",
  "--v8-flags=--enable-experimental-regexp-engine-on-excessive-backtracks,--max-semi-space-size=8",
];
const POLL_MS = 20;
const STOP_LIMIT_MS = 60_000;

/** A pipeline at work in a process of its own, with what it costs. */
export class Agent {
  /** When the process was started, on this process's clock (`performance.now`). */
  readonly startMs: number;
  readonly #child: Deno.ChildProcess;
  readonly #log: string;
  readonly #poll: ReturnType<typeof setInterval>;
  #stats: ProcessStats | undefined;
  #isEnded = false;

  private constructor(child: Deno.ChildProcess, log: string) {
    this.startMs = performance.now();
    this.#child = child;
    this.#log = log;
    this.#poll = setInterval(() => this.stats(), POLL_MS);
    void child.status.then(() => this.#isEnded = true);
  }

  /** Starts a pipeline, given as the tree of its YAML file. */
  static async start(pipeline: unknown, folder: string, lab: Lab): Promise<Agent> {
    const file = join(folder, "pipeline.yaml");
    // JSON is YAML, too.
    await Deno.writeTextFile(file, JSON.stringify(pipeline, null, 2));
    const log = join(folder, "agent.log");
    const profile = lab.options.profiles ? ["--cpu-prof", `--cpu-prof-dir=${lab.options.profiles}`] : [];
    const [command, ...flags] = RUN_FLAGS;
    const shell = 'exec "$0" "$@" > agent.log 2>&1';
    const child = new Deno.Command("/bin/sh", {
      args: [
        "-c",
        shell,
        Deno.execPath(),
        command!,
        ...profile,
        ...flags,
        CLI,
        "run",
        "--state-dir",
        join(folder, "state"),
        file,
      ],
      cwd: folder,
      stdin: "null",
    }).spawn();
    return new Agent(child, log);
  }

  /** Memory and processor time so far; the last known ones when the process has ended. */
  stats(): ProcessStats | undefined {
    return this.#stats = readProcess(this.#child.pid) ?? this.#stats;
  }

  /** Waits until something is true of what the pipeline did. */
  async until(what: string, condition: () => boolean | Promise<boolean>, limitMs = 120_000): Promise<void> {
    const endMs = performance.now() + limitMs;
    while (!await condition()) {
      if (this.#isEnded) throw new Error(`The pipeline ended before ${what}:\n${await this.#lastWords()}`);
      if (performance.now() > endMs) {
        this.#child.kill("SIGKILL");
        throw new Error(`Waited ${limitMs} ms in vain until ${what}:\n${await this.#lastWords()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Ends the pipeline in order and gives what it cost. */
  async stop(): Promise<ProcessStats> {
    this.stats();
    if (!this.#isEnded) this.#child.kill("SIGTERM");
    const limit = setTimeout(() => this.#child.kill("SIGKILL"), STOP_LIMIT_MS);
    const { success, code } = await this.#child.status;
    clearTimeout(limit);
    clearInterval(this.#poll);
    if (!success) throw new Error(`The pipeline ended with exit code ${code}:\n${await this.#lastWords()}`);
    return this.#stats ?? { peakBytes: 0, residentBytes: 0, cpuSeconds: 0 };
  }

  /** Waits until the pipeline has ended by itself, and gives what it cost. */
  async ended(limitMs = 120_000): Promise<ProcessStats> {
    const limit = setTimeout(() => this.#child.kill("SIGKILL"), limitMs);
    const { success, code } = await this.#child.status;
    clearTimeout(limit);
    clearInterval(this.#poll);
    if (!success) throw new Error(`The pipeline ended with exit code ${code}:\n${await this.#lastWords()}`);
    return this.#stats ?? { peakBytes: 0, residentBytes: 0, cpuSeconds: 0 };
  }

  /** Ends the process as a power cut would, but for the page cache; gives what it cost. */
  async kill(): Promise<ProcessStats> {
    const stats = this.stats();
    clearInterval(this.#poll);
    this.#child.kill("SIGKILL");
    await this.#child.status;
    return stats ?? { peakBytes: 0, residentBytes: 0, cpuSeconds: 0 };
  }

  /** Ends the process whatever state it is in. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#poll);
    if (this.#isEnded) return;
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async #lastWords(): Promise<string> {
    const text = await Deno.readTextFile(this.#log).catch(() => "");
    return text.slice(-2000);
  }
}
