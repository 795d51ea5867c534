import type { Plan, PlanPart, PlanSource, PlanTaker } from "../../core/plan.ts";

/** A box in the picture of a plan. */
export interface PlanNode {
  readonly id: string;
  readonly kind: "source" | "interceptor" | "selector" | "channel" | "group" | "sink" | "deadLetters";
  readonly name: string;
  readonly type: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** An arrow in the picture of a plan. */
export interface PlanEdge {
  readonly from: string;
  readonly to: string;
  /** True for the way of events that were refused for good. */
  readonly isAside?: boolean;
}

/** A plan as boxes and arrows, in the data's way. */
export interface PlanGraph {
  readonly nodes: readonly PlanNode[];
  readonly edges: readonly PlanEdge[];
}

/** Draws a plan: who hands events to whom. */
export function planGraph(plan: Plan): PlanGraph {
  const drawing = new Drawing();
  const channels = new Map<string, string>();
  const ends = plan.sources.map((source) => ({ source, id: drawing.chain(source) }));
  for (const channel of plan.channels) channels.set(channel.name, drawing.add("channel", channel));
  for (const { source, id } of ends) {
    for (const name of source.channels) drawing.join(id, channels.get(name)!);
  }
  const targets = plan.takers.flatMap((taker) => drawing.taker(taker, channels.get(taker.channel)!));
  if (plan.deadLetters) {
    const to = drawing.add("deadLetters", plan.deadLetters);
    for (const from of targets) drawing.edges.push({ from, to, isAside: true });
  }
  return drawing;
}

/** Settings on one line: `port=8080 bind=127.0.0.1`. */
export function settingsLine(settings: Readonly<Record<string, unknown>>): string {
  return Object.entries(settings).map(([key, value]) => {
    const text = typeof value === "string" && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
    return `${key}=${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
  }).join(" ");
}

class Drawing implements PlanGraph {
  readonly nodes: PlanNode[] = [];
  readonly edges: PlanEdge[] = [];

  add(kind: PlanNode["kind"], { name, type, settings }: PlanPart): string {
    const id = `n${this.nodes.length}`;
    this.nodes.push({ id, kind, name, type, settings });
    return id;
  }

  join(from: string, to: string): void {
    this.edges.push({ from, to });
  }

  /** A group and its sinks, or one sink; answers with the sinks. */
  taker({ processor, sinks }: PlanTaker, channel: string): string[] {
    const from = processor ? this.add("group", processor) : channel;
    if (from !== channel) this.join(channel, from);
    return sinks.map((sink) => {
      const to = this.add("sink", sink);
      this.join(from, to);
      return to;
    });
  }

  /** A source, its interceptors, and its selector where there is a choice; answers with the last of them. */
  chain(source: PlanSource): string {
    let last = this.add("source", source);
    const { selector, channels, interceptors } = source;
    const hasChoice = channels.length > 1 || selector.type !== "replicating";
    const rest = [
      ...interceptors.map((part) => ["interceptor", part] as const),
      ...hasChoice ? [["selector", selector] as const] : [],
    ];
    for (const [kind, part] of rest) {
      const id = this.add(kind, part);
      this.join(last, id);
      last = id;
    }
    return last;
  }
}
