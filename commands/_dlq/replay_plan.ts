import { DEAD_LETTER_HEADERS } from "../../core/dead_letters.ts";
import {
  type AnyPlugin,
  type Context,
  type EventBatch,
  type Selector,
  type Sink,
  type Source,
  z,
} from "../../core/mod.ts";
import type { Plan, PlanPart } from "../../core/plan.ts";
import { loadPlugin } from "../_manifest.ts";

/** A plan that leads dead letters to the sinks that refused them, each over a channel of its own. */
export async function replayPlan(plan: Plan, components: ReadonlySet<string>, source: Source): Promise<Plan> {
  const direct = await loadPlugin("channel", "direct");
  const config = z.object(direct.config).parse({}) as PlanPart["config"];
  const names = [...components];
  return {
    name: plan.name,
    stateDir: plan.stateDir,
    sources: [{
      ...partOf("source", "replay", source),
      interceptors: [],
      selector: partOf("selector", "replay", BY_COMPONENT),
      channels: names,
    }],
    channels: names.map((name) => ({ name, type: "direct", plugin: direct, config, settings: {} })),
    takers: plan.takers.filter(({ name }) => components.has(name)).map((taker) => ({
      ...taker,
      channel: taker.name,
      sinks: taker.sinks.map((part) => ({ ...part, plugin: withoutLetterHeaders(part.plugin) })),
    })),
    ...plan.deadLetters && { deadLetters: plan.deadLetters },
  };
}

/** The events of a batch were all refused by the same sink. */
const BY_COMPONENT: Selector = {
  select: (batch) => [{ channel: batch.header(0, DEAD_LETTER_HEADERS.component)!, batch, required: true }],
};

function partOf(kind: "source" | "selector", name: string, part: Source | Selector): PlanPart {
  const plugin: AnyPlugin = { kind, name, summary: "", config: {}, examples: [], create: () => part };
  return { name, type: name, plugin, config: {}, settings: {} };
}

/** Core reads the attempts before the sink gets the events; the target never sees that they were dead letters. */
function withoutLetterHeaders(plugin: AnyPlugin): AnyPlugin {
  return {
    ...plugin,
    async create(config: PlanPart["config"], context: Context) {
      const sink = await plugin.create(config, context) as Sink;
      return {
        get batchSize() {
          return sink.batchSize;
        },
        write: (batch, signal) => sink.write(stripped(batch), signal),
        ...sink.resume && { resume: () => sink.resume!() },
        close: async () => await sink.close?.(),
      } satisfies Sink;
    },
  };
}

function stripped(batch: EventBatch): EventBatch {
  const headers = new Map(batch.headers);
  for (const name of Object.values(DEAD_LETTER_HEADERS)) headers.delete(name);
  return batch.with({ headers });
}
