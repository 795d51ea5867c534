import type { Clock, Context } from "./context.ts";
import type { Counters } from "./counters.ts";
import { DeliveryError, PoisonError } from "./errors.ts";
import type { EventBatch } from "./event_batch.ts";
import type { NamedSink, Sink } from "./sink.ts";

const HOUR_MS = 3_600_000;
const LARGEST_EXPONENT = 16;

/** How long a sink stays out of its group after so many failures in a row: one gives 2 s, two 4 s, and so on. */
export function coolDownMs(failures: number, maxMs: number): number {
  return Math.min(maxMs, 1000 * 2 ** Math.min(failures, LARGEST_EXPONENT));
}

interface Standing {
  failures: number;
  outUntilMs: number;
}

/** Which sinks of a group have failed, and until when they are left out. */
export class Penalties {
  static readonly #kept = new WeakMap<Counters, Penalties>();
  readonly #clock: Clock;
  readonly #maxMs: number;
  readonly #standings = new Map<string, Standing>();

  constructor(clock: Clock, maxMs: number) {
    this.#clock = clock;
    this.#maxMs = maxMs;
  }

  /** The penalties of a group. They outlive its restarts, which a delivery that fails late brings about. */
  static of({ counters, clock }: Context, maxMs: number): Penalties {
    const known = Penalties.#kept.get(counters);
    if (known && known.#maxMs === maxMs) return known;
    const made = new Penalties(clock, maxMs);
    Penalties.#kept.set(counters, made);
    return made;
  }

  /** Whether a sink is to be left out now. */
  isOut({ name }: NamedSink): boolean {
    return (this.#standings.get(name)?.outUntilMs ?? 0) > this.#clock.now();
  }

  /** Counts a failure, unless the sink is out already; after an hour without one counting starts anew. */
  fail(sink: NamedSink): void {
    if (this.isOut(sink)) return;
    const now = this.#clock.now();
    const { failures, outUntilMs } = this.#standings.get(sink.name) ?? { failures: 0, outUntilMs: 0 };
    const sequential = now - outUntilMs > HOUR_MS ? 1 : failures + 1;
    this.#standings.set(sink.name, {
      failures: sequential,
      outUntilMs: now + coolDownMs(sequential, this.#maxMs),
    });
  }

  /** Forgets what a sink did. */
  forgive({ name }: NamedSink): void {
    this.#standings.delete(name);
  }
}

/** What a processor decides; everything else groups have in common. */
export interface GroupRules {
  /** The sinks to try for the next batch, best first. */
  order(): readonly NamedSink[];
  /** A sink refused a batch, or did not deliver one that it had taken. */
  failed(sink: NamedSink, cause: unknown): void;
  /** A batch was handed to the sink. */
  started?(sink: NamedSink, batch: EventBatch): void;
  /** What became of it is known. */
  ended?(sink: NamedSink, batch: EventBatch): void;
  delivered?(sink: NamedSink): void;
}

/** Makes one sink of many: a batch goes to the first one in order that takes it. */
export function sinkGroup(sinks: readonly NamedSink[], rules: GroupRules): Sink {
  return {
    get batchSize() {
      const sizes = sinks.flatMap(({ batchSize }) => batchSize ?? []);
      return sizes.length === 0 ? undefined : Math.min(...sizes);
    },
    async write(batch, signal) {
      const causes: unknown[] = [];
      for (const sink of rules.order()) {
        try {
          return await writeTo(sink, { batch, signal, rules });
        } catch (cause) {
          if (signal.aborted || cause instanceof PoisonError) throw cause;
          causes.push(cause);
        }
      }
      const names = sinks.map(({ name }) => `"${name}"`).join(", ");
      if (causes.length === 0) throw new DeliveryError(`All sinks of the group cool down: ${names}`);
      throw new DeliveryError(`No sink of the group took ${batch.size} events: ${names}`, {
        cause: causes.at(-1),
      });
    },
    close: () => closeAll(sinks),
  };
}

interface GroupWrite {
  readonly batch: EventBatch;
  readonly signal: AbortSignal;
  readonly rules: GroupRules;
}

async function writeTo(sink: NamedSink, { batch, signal, rules }: GroupWrite) {
  const settle = (cause?: unknown) => {
    rules.ended?.(sink, batch);
    if (cause === undefined) rules.delivered?.(sink);
    else if (!signal.aborted && !(cause instanceof PoisonError)) rules.failed(sink, cause);
  };
  rules.started?.(sink, batch);
  try {
    const answer = await sink.write(batch, signal);
    if (answer === undefined) return settle();
    const fail = (cause: unknown) => {
      settle(cause);
      throw cause;
    };
    return { delivered: answer.delivered.then(() => settle(), fail) };
  } catch (cause) {
    settle(cause);
    throw cause;
  }
}

async function closeAll(sinks: readonly NamedSink[]): Promise<void> {
  const answers = await Promise.allSettled(sinks.map((sink) => sink.close?.()));
  const failed = answers.find((answer) => answer.status === "rejected");
  if (failed) throw failed.reason;
}
