import type { Plan, PlanPart, PlanSource } from "../../core/plan.ts";

/** A box in the picture of a plan. */
export interface PlanNode {
  readonly id: string;
  readonly kind: "source" | "interceptor" | "selector" | "channel" | "group" | "sink";
  readonly name: string;
  readonly type: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A plan as boxes and arrows, in the data's way. */
export interface PlanGraph {
  readonly nodes: readonly PlanNode[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
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
  for (const taker of plan.takers) {
    const channel = channels.get(taker.channel)!;
    const from = taker.processor ? drawing.add("group", taker.processor) : channel;
    if (from !== channel) drawing.join(channel, from);
    for (const sink of taker.sinks) drawing.join(from, drawing.add("sink", sink));
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
  readonly edges: { from: string; to: string }[] = [];

  add(kind: PlanNode["kind"], { name, type, settings }: PlanPart): string {
    const id = `n${this.nodes.length}`;
    this.nodes.push({ id, kind, name, type, settings });
    return id;
  }

  join(from: string, to: string): void {
    this.edges.push({ from, to });
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
