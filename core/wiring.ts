import type { KeeperChoice } from "./keeping.ts";
import type { SourceWiring } from "./pipeline.ts";
import type { PlanSource } from "./plan.ts";
import type { RunningChannel, RunningParts } from "./running.ts";

/** Joins a source with the channels that are there, and finds who may keep its position. */
export function wiringOf(plan: PlanSource, parts: RunningParts): SourceWiring {
  const channels = plan.channels.map((name) => parts.channels.get(name)!);
  const ports = new Map(channels.map(({ plan, port }) => [plan.name, port]));
  return { plan, ports, keepers: keepersOf(channels, parts) };
}

/** Whether two choices are the same, so that a source may go over from one to the other at work. */
export function isSameKeeper(one: KeeperChoice, other: KeeperChoice): boolean {
  return one.log === other.log && one.sink?.resumption === other.sink?.resumption;
}

function keepersOf(channels: readonly RunningChannel[], parts: RunningParts): KeeperChoice {
  const [first] = channels.map(({ port }) => port.channel);
  if (first?.log && channels.every(({ port }) => port.channel.log === first.log)) return { log: first.log };
  if (!first || channels.length > 1 || first.durable) return {};
  const name = channels[0]!.plan.name;
  const taker = parts.takers.values().find(({ plan, isAlone }) => plan.channel === name && isAlone);
  return taker ? { sink: { name: taker.plan.name, resumption: taker.resumption } } : {};
}
