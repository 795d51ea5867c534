import type {
  Channel,
  Context,
  EventBatch,
  Interceptor,
  PluginKind,
  Selector,
  Sink,
  Source,
} from "sluice/plugin";
import direct from "../../plugins/channels/direct.ts";
import memory from "../../plugins/channels/memory.ts";
import type { Plan, PlanPart } from "../../core/plan.ts";
import { memoryPositions, type PositionStore } from "../../core/position.ts";
import { type RunningPipeline, startPipeline } from "../../core/supervisor.ts";
import { testContext } from "./context.ts";

/** The parts of a small pipeline, as plain objects. */
export interface Parts {
  source: (context: Context) => Source;
  replayable?: boolean;
  interceptors?: Interceptor[];
  selector?: Selector;
  channels?: Record<string, Channel>;
  sinks: Record<string, (context: Context) => Sink>;
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

/** Starts a pipeline of one source; each sink takes from the channel of its name. */
export async function startParts(parts: Parts): Promise<RunningPipeline> {
  const channels = parts.channels ?? { main: directChannel() };
  const names = Object.keys(channels);
  const everything: Selector = {
    select: (batch: EventBatch) => names.map((channel) => ({ channel, batch, required: true })),
  };
  const plan: Plan = {
    name: "test",
    stateDir: "/nonexistent",
    sources: [{
      ...part("source", "in", parts.source),
      interceptors: (parts.interceptors ?? []).map((interceptor, at) =>
        part("interceptor", `i${at}`, () => interceptor)
      ),
      selector: part("selector", "selector", () => parts.selector ?? everything),
      channels: names,
    }],
    channels: Object.entries(channels).map(([name, channel]) => part("channel", name, () => channel)),
    takers: Object.entries(parts.sinks).map(([name, create]) => ({
      name: `sink-${name}`,
      channel: name,
      sinks: [part("sink", `sink-${name}`, create)],
    })),
  };
  return await startPipeline(plan, {
    logger: () => testContext().log,
    positions: parts.positions ?? memoryPositions(),
    shutdownMs: parts.shutdownMs ?? 5000,
  });
}
