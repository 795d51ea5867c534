import { DEAD_LETTER_HEADERS } from "../../core/dead_letters.ts";
import type { Emit, EventBatch } from "../../core/mod.ts";
import type { Plan } from "../../core/plan.ts";
import { memoryPositions } from "../../core/position.ts";
import { type RunningPipeline, startPipeline } from "../../core/supervisor.ts";
import { CommandError, usageError } from "../exit.ts";
import { openLog } from "../_log.ts";
import { filePositions } from "../_positions.ts";
import { print, printError } from "../_terminal.ts";
import { listFolder, setAside } from "./folder.ts";
import { readLetters } from "./letters.ts";
import type { LetterPlace } from "./place.ts";
import { replayPlan } from "./replay_plan.ts";
import { count, unreadable } from "./text.ts";

/** How dead letters are written again. */
export interface ReplayOptions {
  /** Milliseconds without any delivery after which the sinks are given up. */
  readonly retryMs: number;
  /** Files that are delivered are removed. */
  readonly isDeleted: boolean;
}

/**
 * Writes all files to the sinks that refused their events. Answers whether every event was delivered.
 * @throws {CommandError} when the pipeline is at work, or a sink takes nothing for too long.
 */
export async function replayLetters(
  { folder, inUse, plan }: LetterPlace,
  options: ReplayOptions,
): Promise<boolean> {
  if (!plan) {
    throw usageError(
      `The folder "${folder}" does not tell which sinks refused the events`,
      "name the pipeline file, or post the events to a running one: --to URL",
    );
  }
  const lock = await lockState(plan.stateDir);
  try {
    const { files } = await listFolder(folder, inUse);
    const { ready, components, isWhole } = await survey(files, plan);
    if (ready.length === 0) {
      print(`Nothing to replay in ${folder}\n`);
      return isWhole;
    }
    return await new Replay(ready, options).run(plan, components) && isWhole;
  } finally {
    await lock.close();
  }
}

/** The lock that an agent takes, so that never two write to the same files. */
async function lockState(stateDir: string) {
  try {
    return await filePositions(stateDir);
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new CommandError(cause.message, {
      cause: cause.cause,
      fix: `${cause.fix}; or post the events to an http source of the pipeline at work: --to URL`,
    });
  }
}

/** Reads all files once, so that nothing is written of one that cannot be replayed whole. */
async function survey(files: readonly string[], { takers }: Plan) {
  const known = new Set(takers.map(({ name }) => name));
  const components = new Set<string>();
  const ready: string[] = [];
  for (const path of files) {
    try {
      const own = await componentsIn(path);
      const unknown = [...own].find((name) => !known.has(name));
      if (unknown !== undefined) {
        throw new TypeError(
          `it holds what "${unknown}" refused, which is no sink or group of the pipeline; use --to URL`,
        );
      }
      for (const name of own) components.add(name);
      ready.push(path);
    } catch (cause) {
      printError(`${unreadable(path, cause)}\n`);
    }
  }
  return { ready, components, isWhole: ready.length === files.length };
}

async function componentsIn(path: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const batch of readLetters(path)) {
    for (let index = 0; index < batch.size; index++) found.add(componentOf(batch, index));
  }
  return found;
}

function componentOf(batch: EventBatch, index: number): string {
  return batch.header(index, DEAD_LETTER_HEADERS.component) ?? "";
}

/** A small pipeline from files to sinks, and what became of it. */
class Replay {
  readonly #files: readonly string[];
  readonly #options: ReplayOptions;
  #events = 0;
  #filesDone = 0;
  #deliveredMs = performance.now();
  #failure: unknown;

  constructor(files: readonly string[], options: ReplayOptions) {
    this.#files = files;
    this.#options = options;
  }

  async run(plan: Plan, components: ReadonlySet<string>): Promise<boolean> {
    const small = await replayPlan(plan, components, { run: (emit) => this.#emitAll(emit) });
    const logger = openLog({ level: "warn", format: "text" });
    const running = await startPipeline(small, { logger, positions: memoryPositions() });
    const watch = setInterval(() => this.#giveUpLate(running), 100);
    try {
      await running.finished;
    } catch (cause) {
      this.#failure ??= cause;
    } finally {
      clearInterval(watch);
    }
    const refused = running.components().reduce(
      (sum, one) => sum + (one.counters.EventDeadLetterCount ?? 0),
      0,
    );
    print(this.#summary(refused));
    if (this.#failure) throw this.#failure;
    return refused === 0;
  }

  async #emitAll(emit: Emit): Promise<void> {
    try {
      for (const path of this.#files) {
        await this.#emitFile(path, emit);
        await setAside(path, this.#options.isDeleted);
        this.#filesDone++;
      }
    } catch (cause) {
      // A source that fails is started again; what has been delivered must not be.
      this.#failure ??= cause;
    }
  }

  async #emitFile(path: string, emit: Emit): Promise<void> {
    const deliveries: Promise<void>[] = [];
    for await (const batch of readLetters(path)) {
      for (const part of byComponent(batch)) {
        await emit.ready;
        const delivery = emit(part).then(() => this.#delivered(part.size));
        delivery.catch(() => {});
        deliveries.push(delivery);
      }
    }
    await Promise.all(deliveries);
  }

  #delivered(events: number): void {
    this.#events += events;
    this.#deliveredMs = performance.now();
  }

  #giveUpLate(running: RunningPipeline): void {
    const { retryMs } = this.#options;
    if (performance.now() - this.#deliveredMs < retryMs) return;
    const faults = running.components().flatMap(({ name, error }) => error ? [`"${name}": ${error}`] : []);
    this.#failure ??= new CommandError(
      `Nothing was delivered for ${retryMs} ms${faults.length > 0 ? `; ${faults.join("; ")}` : ""}`,
      { fix: "replay again when the target is up, or wait longer: --retry-for 10m; no dead letter is lost" },
    );
    running.kill();
  }

  #summary(refused: number): string {
    const left = this.#files.length - this.#filesDone;
    return [
      `${count(this.#events - refused, "event")} delivered`,
      `${count(this.#filesDone, "file")} done`,
      ...refused > 0 ? [`${count(refused, "event")} refused again`] : [],
      ...left > 0 ? [`${count(left, "file")} left`] : [],
    ].join("; ") + "\n";
  }
}

/** The parts of a batch that one sink each refused. */
function byComponent(batch: EventBatch): readonly EventBatch[] {
  const names = new Set(Array.from({ length: batch.size }, (_, index) => componentOf(batch, index)));
  return [...names].map((name) => batch.filter((index) => componentOf(batch, index) === name));
}
