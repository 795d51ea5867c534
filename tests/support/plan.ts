import type {
  Channel,
  Context,
  EventBatch,
  Interceptor,
  NamedSink,
  PluginKind,
  Selector,
  Sink,
  Source,
} from "sluice/plugin";
import direct from "../../plugins/channels/direct.ts";
import memory from "../../plugins/channels/memory.ts";
import type { Plan, PlanPart, PlanTaker } from "../../core/plan.ts";
import { memoryPositions, type PositionStore } from "../../core/position.ts";
import { type RunningPipeline, startPipeline } from "../../core/supervisor.ts";
import { testContext } from "./context.ts";

/** The parts of a small pipeline, as plain objects. */
export interface Parts {
  source: (context: Context) => Source;
  /** The source can go on from a position. */
  isReplayable?: boolean;
  interceptors?: Interceptor[];
  selector?: Selector;
  channels?: Record<string, Channel>;
  sinks: Record<string, (context: Context) => Sink>;
  /** Makes all sinks one group behind the channel "main". */
  processor?: (context: Context, sinks: readonly NamedSink[]) => Sink;
  /** Takes what the sinks refuse for good. */
  deadLetters?: (context: Context) => Sink;
  positions?: PositionStore;
  shutdownMs?: number;
}

function part(kind: PluginKind, name: string, create: (context: Context) => unknown): PlanPart {
  const plugin = {
    kind,
    name,
    summary: "",
    config: {},
    examples: [],
    create: (_: unknown, context: Context) => create(context),
  };
  return { name, type: name, plugin, config: {}, settings: {} };
}

/** A memory channel as a pipeline would make it. */
export function memoryChannel(capacity = 100, keepAliveSeconds = 3): Channel {
  const config = {
    capacity,
    transactionCapacity: capacity,
    "keep-alive": keepAliveSeconds,
    byteCapacity: 0,
    byteCapacityBufferPercentage: 20,
  };
  return memory.create(config, testContext()) as Channel;
}

/** A direct channel as a pipeline would make it. */
export function directChannel(windowBytes = 1 << 20): Channel {
  return direct.create({ windowBytes }, testContext()) as Channel;
}

function takersOf({ sinks, processor }: Parts): PlanTaker[] {
  const takers = Object.entries(sinks).map(([name, create]) => ({
    name: `sink-${name}`,
    channel: name,
    sinks: [part("sink", `sink-${name}`, create)],
  }));
  if (!processor) return takers;
  const group = part("sink_processor", "group", () => {});
  const create = (_: unknown, context: Context, sinks: readonly NamedSink[]) => processor(context, sinks);
  return [{
    name: "group",
    channel: "main",
    processor: { ...group, plugin: { ...group.plugin, create } as PlanPart["plugin"] },
    sinks: takers.flatMap(({ sinks }) => sinks),
  }];
}

/** A plan of one source; each sink takes from the channel of its name. */
export function planOf(parts: Parts): Plan {
  const channels = parts.channels ?? { main: directChannel() };
  const names = Object.keys(channels);
  const everything: Selector = {
    select: (batch: EventBatch) => names.map((channel) => ({ channel, batch, required: true })),
  };
  const source = part("source", "in", parts.source);
  return {
    name: "test",
    stateDir: "/nonexistent",
    sources: [{
      ...source,
      plugin: { ...source.plugin, replayable: parts.isReplayable === true },
      interceptors: (parts.interceptors ?? []).map((interceptor, at) =>
        part("interceptor", `i${at}`, () => interceptor)
      ),
      selector: part("selector", "selector", () => parts.selector ?? everything),
      channels: names,
    }],
    channels: Object.entries(channels).map(([name, channel]) => part("channel", name, () => channel)),
    takers: takersOf(parts),
    ...parts.deadLetters && { deadLetters: part("sink", "deadLetters", parts.deadLetters) },
  };
}

/** Starts a pipeline of one source; each sink takes from the channel of its name. */
export async function startParts(parts: Parts): Promise<RunningPipeline> {
  return await startPipeline(planOf(parts), {
    logger: () => testContext().log,
    positions: parts.positions ?? memoryPositions(),
    shutdownMs: parts.shutdownMs ?? 5000,
  });
}
