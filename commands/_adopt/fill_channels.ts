import { type AnyPlugin, type Context, type Emit, type LeftEvents, type Source, z } from "../../core/mod.ts";
import type { Plan, PlanPart, PlanSource } from "../../core/plan.ts";
import type { PositionStore } from "../../core/position.ts";
import { type RunningPipeline, startPipeline } from "../../core/supervisor.ts";
import { CommandError } from "../exit.ts";
import { openLog } from "../_log.ts";
import { loadPlugin } from "../_manifest.ts";

/** A channel, and what it is to hold. */
export interface ChannelFill {
  readonly channel: PlanPart;
  readonly events: LeftEvents;
}

/** Without any progress for so long, a channel is given up. */
const PATIENCE_MS = 30_000;

/** What the position of a fill is called in the position store. */
export function fillName(channel: string): string {
  return `flume:${channel}`;
}

/**
 * Puts events into channels. How far each is, is kept in the same commits, so that after a crash this goes on where it was.
 * Answers with those of the fills of which anything was still to be put.
 * @throws {CommandError} when a channel refuses them.
 */
export async function fillChannels(
  plan: Plan,
  fills: readonly ChannelFill[],
  positions: PositionStore,
): Promise<readonly ChannelFill[]> {
  const work = new Fill(fills);
  const logger = openLog({ level: "error", format: "text" });
  const running = await startPipeline(await fillPlan(plan, fills, work), { logger, positions });
  const watch = setInterval(() => work.giveUpLate(running), 100);
  try {
    await Promise.race([work.done, running.finished]);
    await running.stop();
  } catch (cause) {
    throw work.failure ?? cause;
  } finally {
    clearInterval(watch);
  }
  if (work.failure) throw work.failure;
  return fills.filter(({ events }) => work.begun.has(events));
}

class Fill {
  failure: CommandError | undefined;
  /** Of which something was put. */
  readonly begun = new Set<LeftEvents>();
  readonly #done = Promise.withResolvers<void>();
  #left: number;
  #progressMs = performance.now();

  constructor(fills: readonly ChannelFill[]) {
    this.#left = fills.length;
  }

  /** Resolves when all channels hold what they are to hold. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  source(events: LeftEvents, context: Context): Source {
    const { mark, size, read } = events;
    return {
      run: async (emit) => {
        const known = context.resume?.[mark];
        const from = typeof known === "number" ? known : 0;
        if (from < size) {
          this.begun.add(events);
          await this.#emitAll(read(from), { mark, from }, emit);
        }
        if (--this.#left === 0) this.#done.resolve();
        // A source that ends would make the pipeline wait until somebody has emptied the channel.
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve, { once: true }));
      },
    };
  }

  async #emitAll(
    batches: ReturnType<LeftEvents["read"]>,
    { mark, from }: { readonly mark: string; readonly from: number },
    emit: Emit,
  ): Promise<void> {
    let events = from;
    for await (const batch of batches) {
      events += batch.size;
      await emit.ready;
      await emit(batch.with({ position: { [mark]: events } }));
      this.#progressMs = performance.now();
    }
  }

  giveUpLate(running: RunningPipeline): void {
    if (performance.now() - this.#progressMs < PATIENCE_MS) return;
    const faults = running.components().flatMap(({ name, error }) => error ? [`"${name}": ${error}`] : []);
    this.failure ??= new CommandError(`A channel took nothing for ${PATIENCE_MS} ms; ${faults.join("; ")}`, {
      fix: "make its capacity as large as Flume's, and adopt again: it goes on where it was",
    });
    running.kill();
  }
}

async function fillPlan(plan: Plan, fills: readonly ChannelFill[], work: Fill): Promise<Plan> {
  const selector = await loadPlugin("selector", "replicating");
  const config = z.object(selector.config).parse({}) as PlanPart["config"];
  return {
    name: plan.name,
    stateDir: plan.stateDir,
    sources: fills.map(({ channel, events }): PlanSource => ({
      ...sourcePart(fillName(channel.name), (context) => work.source(events, context)),
      interceptors: [],
      selector: { name: "selector", type: "replicating", plugin: selector, config, settings: {} },
      channels: [channel.name],
    })),
    channels: fills.map(({ channel }) => channel),
    takers: [],
  };
}

function sourcePart(name: string, create: (context: Context) => Source): PlanPart {
  const plugin: AnyPlugin = {
    kind: "source",
    name: "flume_channel",
    summary: "",
    config: {},
    examples: [],
    replayable: true,
    create: (_config: unknown, context: Context) => create(context),
  };
  return { name, type: "flume_channel", plugin, config: {}, settings: {} };
}
