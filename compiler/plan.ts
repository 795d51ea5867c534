import type { Plan, PlanPart, PlanSource, PlanTaker } from "../core/plan.ts";
import type { CheckedAgent, Wiring } from "./wiring.ts";

/** What a plan holds beside its components. */
export interface PlanHead {
  readonly name: string;
  readonly stateDir: string;
}

/** Builds the plan of an agent that was checked without errors. */
export function buildPlan(agent: CheckedAgent, wiring: Wiring, head: PlanHead): Plan {
  const used = wiring.usedChannels;
  return {
    ...head,
    sources: agent.sources.map((source): PlanSource => ({
      ...source.source!.part,
      interceptors: source.interceptors.map(({ part }) => part),
      selector: source.selector!.part,
      channels: wiring.channelsOf(source),
    })),
    channels: agent.channelParts.map((channel) => channel!.part).filter(({ name }) => used.has(name)),
    takers: takersOf(agent, wiring),
    ...agent.deadLetters && { deadLetters: agent.deadLetters.part },
  };
}

/** Groups first, then the sinks that stand in none, each in file order. */
function takersOf({ sinks, groups }: CheckedAgent, wiring: Wiring): PlanTaker[] {
  const grouped = new Set<string>();
  const takers = groups.map(({ group, processor, sinks: names }): PlanTaker => {
    const members = names.map(({ name }) => sinks.find(({ component }) => component.name === name)!);
    const parts: PlanPart[] = members.map(({ sink }) => sink!.part);
    for (const { name } of names) grouped.add(name);
    const { part } = processor!;
    return { name: group.name, channel: wiring.channelOf(members[0]!), processor: part, sinks: parts };
  });
  const alone = sinks.filter(({ component }) => !grouped.has(component.name));
  return [
    ...takers,
    ...alone.map((sink) => ({
      name: sink.component.name,
      channel: wiring.channelOf(sink),
      sinks: [sink.sink!.part],
    })),
  ];
}
