import assert from "node:assert/strict";
import { Journal, type JournalFault, type JournalReader } from "../../journal/mod.ts";
import { FlippedFiles } from "./flipped_files.ts";
import { type ModelFrame, QueueModel } from "./queue_model.ts";
import { Random } from "./random.ts";
import { checkReopened, type Ending } from "./reopen_check.ts";
import { RunFigures } from "./run_figures.ts";
import type { RunOptions } from "./run_options.ts";
import { SimulatedDisk } from "./simulated_disk.ts";
import { SimulatedTime } from "./simulated_time.ts";

const KEPT_ACTIONS = Number(Deno.env.get("SIMULATION_ACTIONS") ?? 30);
const OPEN_ATTEMPTS = 20;

/** How a wait ended; `died` when the process did not live to see the end. */
export type Outcome<T> =
  | { readonly kind: "settled"; readonly value: T }
  | { readonly kind: "failed"; readonly cause: unknown }
  | { readonly kind: "died" };

/** A reader of one channel, and what it has read but not delivered. */
export interface RunReader {
  readonly reader: JournalReader;
  /** Everything of the channel below this sequence has been read. */
  next: number;
  undelivered: { readonly sequence: number; readonly count: number }[];
  pending: Promise<void> | undefined;
}

/** One journal on one simulated disk beside its model, through as many processes as the run lets live and die. */
export class JournalRun {
  readonly random: Random;
  readonly time: SimulatedTime;
  readonly disk: SimulatedDisk;
  readonly model = new QueueModel();
  readonly figures = new RunFigures();
  readonly readers = new Map<string, RunReader>();
  readonly actions: string[] = [];
  readonly flipped: FlippedFiles;
  /** Frames that may be missing, because damage to them was reported. */
  readonly damaged = new Set<ModelFrame>();
  /** Events were lost of which nobody knows whose they were: sizes may count them, too. */
  hasLostEvents = false;
  /** Changes of channels that failed or were cut off, so that they may have happened or not. */
  readonly doubtful = new Set<string>();
  /** What the journal has reported since it was opened. */
  faults: JournalFault[] = [];
  /** The disk refuses work at times, so the journal may, too. */
  isFaulty = false;
  /** The same of the process before, which may have left traces of it. */
  hadFailed = false;
  /** Number of the process that has the journal open. */
  process = 0;
  failure: unknown;
  /** Tells payloads and positions apart. */
  nextTag = 1;
  #journal: Journal | undefined;
  #injectedBefore = 0;

  constructor(seed: number, readonly options: RunOptions | ((random: Random) => RunOptions)) {
    this.random = new Random(seed);
    this.time = new SimulatedTime(this.random);
    this.disk = new SimulatedDisk(this.random, this.time);
    this.flipped = new FlippedFiles(this.disk.entries);
    // What was acknowledged without a sync, a failed sync may lose; that is damage like any other.
    this.disk.onLoss = (path, file) => this.syncsAlways || this.flipped.add(path, file);
    this.shape = typeof options === "function" ? options(this.random) : options;
  }

  readonly shape: RunOptions;

  get journal(): Journal {
    assert.ok(this.#journal, "No journal is open");
    return this.#journal;
  }

  /** True when the disk refused anything since this process began. */
  get hasFailed(): boolean {
    return this.isFaulty || this.disk.faults.injected > this.#injectedBefore;
  }

  get syncsAlways(): boolean {
    return (this.shape.journal.sync ?? "always") === "always";
  }

  note(action: string): void {
    this.actions.push(action);
    if (this.actions.length > KEPT_ACTIONS) this.actions.shift();
  }

  fail(what: string, cause?: unknown): void {
    this.failure ??= new Error(what, cause === undefined ? {} : { cause });
  }

  /** Runs what belongs to the living process; what a dead one hears later is nobody's concern. */
  whileAlive<Args extends unknown[]>(body: (...args: Args) => void): (...args: Args) => void {
    const process = this.process;
    return (...args) => {
      if (process !== this.process || !this.disk.isAlive) return;
      try {
        body(...args);
      } catch (cause) {
        this.failure ??= cause;
      }
    };
  }

  /** Lets the disk and the clock work until a promise is settled or the process has died. */
  async wait<T>(promise: Promise<T>): Promise<Outcome<T>> {
    let outcome: Outcome<T> = { kind: "died" };
    const settled = promise.then(
      (value) => void (outcome = { kind: "settled", value }),
      (cause) => void (outcome = { kind: "failed", cause }),
    );
    await this.time.until(settled, () => !this.disk.isAlive);
    return this.disk.isAlive ? outcome : { kind: "died" };
  }

  /** Opens the journal; as often as it takes when the disk fails or the power goes meanwhile. */
  async open(ending: Ending): Promise<void> {
    let last = ending;
    this.faults = [];
    for (let attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
      if (attempt > OPEN_ATTEMPTS / 2) this.healDisk();
      this.readers.clear();
      this.process++;
      this.hadFailed = this.hasFailed;
      this.#injectedBefore = this.disk.faults.injected;
      const outcome = await this.wait(this.#openOnce());
      if (outcome.kind === "settled") {
        this.#journal = outcome.value;
        this.faults.push(...outcome.value.faults);
        return await checkReopened(this, last);
      }
      if (outcome.kind === "died") {
        this.figures.cuts++;
        last = "power";
        this.note("the power goes while the journal opens");
      } else {
        if (!this.isFaulty && this.disk.faults.failAt !== this.disk.faults.count) throw outcome.cause;
        this.note(`open fails: ${outcome.cause instanceof Error ? outcome.cause.message : outcome.cause}`);
      }
    }
    throw new Error(`The journal did not open in ${OPEN_ATTEMPTS} attempts`);
  }

  async #openOnce(): Promise<Journal> {
    const disk = this.disk.boot();
    this.flipped.follow();
    const onFault = this.whileAlive((fault: JournalFault) => void this.faults.push(fault));
    return await Journal.open({ ...this.shape.journal, disk, now: this.time.now, onFault });
  }

  /** Ends the process in one of three ways, and starts another. */
  async restart(ending: Ending): Promise<void> {
    this.note(`restart: ${ending}`);
    this.figures.reopened++;
    const ended = ending === "closed" ? await this.#close() : this.#end(ending);
    await this.open(ended);
  }

  #end(ending: Ending): Ending {
    if (ending === "power") this.disk.cutPower();
    else this.disk.kill();
    this.figures[ending === "power" ? "cuts" : "kills"]++;
    return ending;
  }

  async #close(): Promise<Ending> {
    const outcome = await this.wait(this.journal.close());
    if (outcome.kind === "settled") {
      this.disk.kill();
      // What could not be written at the end is reported, and found missing as after a kill.
      return this.isFaulty ? "killed" : "closed";
    }
    if (outcome.kind === "died") return this.countCut();
    if (!this.isFaulty) throw outcome.cause;
    return this.#end("killed");
  }

  /** The power has gone in the middle of an operation. */
  countCut(): Ending {
    this.figures.cuts++;
    return "power";
  }

  /** From now on the disk does what it is asked to. */
  healDisk(): void {
    this.disk.faults.odds = {};
    this.disk.capacityBytes = Infinity;
    this.isFaulty = false;
  }
}
