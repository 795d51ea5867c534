import { isDeepStrictEqual } from "node:util";
import { createCodec } from "./codec.ts";
import { Backoff } from "./backoff.ts";
import { type Clock, type Context, type Logger, systemClock } from "./context.ts";
import { Counters } from "./counters.ts";
import { errorText } from "./errors.ts";
import type { PlanPart } from "./plan.ts";
import type { CounterSnapshot, Reporter } from "./reporter.ts";

const INTERVAL_MS = 60_000;

/** What reporters are run with. */
export interface ReportingOptions {
  /** The logger of a component, by a name such as `reporter.ganglia`. */
  logger(component: string): Logger;
  /** Looks at all counters as they stand now. */
  look(): CounterSnapshot;
  readonly stateDir: string;
  readonly clock?: Clock;
}

interface RunningReporter {
  readonly part: PlanPart;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** The reporters of a pipeline at work. Whatever goes wrong with one is logged, and disturbs nothing else. */
export class Reporting {
  readonly #options: ReportingOptions;
  #running: readonly RunningReporter[] = [];

  constructor(options: ReportingOptions) {
    this.#options = options;
  }

  /** Goes over to these reporters: those that are at work already and did not change go on. */
  async use(parts: readonly PlanPart[]): Promise<void> {
    const isWanted = ({ part }: RunningReporter) => parts.some((other) => isSame(part, other));
    const leaving = this.#running.filter((one) => !isWanted(one));
    for (const { stop } of leaving) stop.abort();
    // A new one may want the port of an old one.
    await Promise.all(leaving.map(({ done }) => done));
    this.#running = parts.map((part) =>
      this.#running.find((one) => isSame(one.part, part)) ?? this.#start(part)
    );
  }

  #start(part: PlanPart): RunningReporter {
    const stop = new AbortController();
    const log = this.#options.logger(`reporter.${part.name}`);
    return { part, stop, done: this.#supervise(part, log, stop.signal) };
  }

  async #supervise(part: PlanPart, log: Logger, signal: AbortSignal): Promise<void> {
    const { clock = systemClock } = this.#options;
    const backoff = new Backoff({ firstMs: 500, maxMs: 30_000 });
    while (!signal.aborted) {
      const waitMs = backoff.next();
      try {
        return await this.#run(part, this.#contextOf(part, log, signal));
      } catch (cause) {
        if (signal.aborted) return;
        log.error(`Failed, starting again in ${Math.round(waitMs)} ms: ${errorText(cause)}`);
      }
      await clock.sleep(waitMs, signal);
    }
  }

  async #run(part: PlanPart, context: Context): Promise<void> {
    const reporter = await part.plugin.create(part.config, context) as Reporter;
    const { look } = this.#options;
    try {
      if (reporter.serve) await reporter.serve(() => look());
      else await reportAgainAndAgain(reporter, look, context);
    } finally {
      await reporter.close?.();
    }
  }

  #contextOf({ name }: PlanPart, log: Logger, signal: AbortSignal): Context {
    const { clock = systemClock, stateDir } = this.#options;
    const counters = new Counters();
    const context: Context = {
      name,
      signal,
      log,
      clock,
      counters,
      stateDir,
      hold: (cause) => log.warn(`Trying again: ${errorText(cause)}`),
      recover: () => log.info("Recovered"),
      codec: (choice) => createCodec(choice, context),
    };
    return context;
  }
}

async function reportAgainAndAgain(
  reporter: Reporter,
  look: () => CounterSnapshot,
  { clock, log, signal }: Context,
): Promise<void> {
  let fault: string | undefined;
  while (!signal.aborted) {
    try {
      await reporter.report?.(look());
      if (fault !== undefined) log.info("Recovered", { after: fault });
      fault = undefined;
    } catch (cause) {
      const text = errorText(cause);
      if (text !== fault) log.warn(`A report failed: ${text}`);
      fault = text;
    }
    await clock.sleep(reporter.intervalMs ?? INTERVAL_MS, signal);
  }
}

function isSame(one: PlanPart, other: PlanPart): boolean {
  return one.name === other.name && one.plugin === other.plugin &&
    isDeepStrictEqual(one.config, other.config);
}
