import type { Plan, PlanPart } from "../../core/plan.ts";
import { planGraph, type PlanNode, settingsLine } from "./plan_graph.ts";

/** Prints a plan for people: each source's way, then each channel with what drains it. */
export function planText(plan: Plan): string {
  const lines = [`pipeline ${plan.name}`, `state    ${plan.stateDir}`];
  for (const source of plan.sources) {
    lines.push("", partLine("source", source));
    for (const interceptor of source.interceptors) lines.push(`  ${partLine("interceptor", interceptor)}`);
    if (source.channels.length > 1 || source.selector.type !== "replicating") {
      lines.push(`  ${partLine("selector", source.selector)}`);
    }
    lines.push(`  → ${source.channels.map((name) => `channel ${name}`).join(", ")}`);
  }
  for (const channel of plan.channels) {
    lines.push("", partLine("channel", channel));
    for (const taker of plan.takers.filter((one) => one.channel === channel.name)) {
      if (taker.processor) lines.push(`  → ${partLine("group", taker.processor)}`);
      const indent = taker.processor ? "      → " : "  → ";
      for (const sink of taker.sinks) {
        const outlook = sink.plugin.outlook?.(sink.config) ?? [];
        lines.push(
          indent + partLine("sink", sink),
          ...outlook.map((line) => `${" ".repeat(indent.length)}  ${line}`),
        );
      }
    }
  }
  if (plan.deadLetters) {
    lines.push("", partLine("dead letters", { ...plan.deadLetters, name: plan.deadLetters.type }));
  }
  const around = (plan.reporters ?? []).map((reporter) => partLine("reporter", reporter));
  if (plan.admin) around.push(`admin    ${plan.admin.bind}:${plan.admin.port}`);
  if (around.length > 0) lines.push("", ...around);
  return `${lines.join("\n")}\n`;
}

/** Prints a plan for programs. Secrets are masked; defaults are left out. */
export function planJson(plan: Plan): string {
  const part = ({ name, type, settings }: PlanPart) => ({ name, type, settings });
  const tree = {
    name: plan.name,
    stateDir: plan.stateDir,
    sources: plan.sources.map((source) => ({
      ...part(source),
      interceptors: source.interceptors.map(part),
      selector: part(source.selector),
      channels: source.channels,
    })),
    channels: plan.channels.map(part),
    takers: plan.takers.map(({ name, channel, processor, sinks }) => ({
      name,
      channel,
      ...processor && { processor: part(processor) },
      sinks: sinks.map(part),
    })),
    ...plan.deadLetters && { deadLetters: part(plan.deadLetters) },
    ...plan.reporters && { reporters: plan.reporters.map(part) },
    ...plan.admin && { admin: plan.admin },
  };
  return `${JSON.stringify(tree, null, 2)}\n`;
}

/** Draws a plan in Mermaid's language, which Markdown viewers show as a picture. */
export function planMermaid(plan: Plan): string {
  const { nodes, edges } = planGraph(plan);
  const shapes = {
    source: ["([", "])"],
    channel: ["[(", ")]"],
    selector: ["{{", "}}"],
    sink: ["[[", "]]"],
    deadLetters: ["[[", "]]"],
  };
  const boxes = nodes.map((node) => {
    const [open, close] = (shapes as Record<string, readonly string[]>)[node.kind] ?? ["[", "]"];
    return `  ${node.id}${open}"${mermaidText(label(node))}"${close}\n`;
  });
  const arrows = edges.map(({ from, to, isAside }) => `  ${from} ${isAside ? "-.->" : "-->"} ${to}\n`);
  return `flowchart LR\n${boxes.join("")}${arrows.join("")}`;
}

/** Draws a plan in Graphviz' language: `sluice plan --graphviz p.yaml | dot -Tsvg`. */
export function planGraphviz(plan: Plan): string {
  const { nodes, edges } = planGraph(plan);
  const shapes = {
    source: "ellipse",
    channel: "cylinder",
    sink: "box3d",
    selector: "hexagon",
    deadLetters: "box3d",
  };
  const boxes = nodes.map((node) => {
    const shape = (shapes as Record<string, string>)[node.kind] ?? "box";
    const tooltip = JSON.stringify(settingsLine(node.settings));
    return `  ${node.id} [shape=${shape}, label=${JSON.stringify(label(node))}, tooltip=${tooltip}];\n`;
  });
  const arrows = edges.map(({ from, to, isAside }) =>
    `  ${from} -> ${to}${isAside ? " [style=dashed]" : ""};\n`
  );
  return `digraph ${JSON.stringify(plan.name)} {\n  rankdir=LR;\n${boxes.join("")}${arrows.join("")}}\n`;
}

function partLine(kind: string, { name, type, settings }: PlanPart): string {
  const line = settingsLine(settings);
  return `${kind} ${name === type ? name : `${name} (${type})`}${line === "" ? "" : `  ${line}`}`;
}

function label({ kind, name, type }: PlanNode): string {
  return `${kind} ${name === type || name === kind ? type : `${name} (${type})`}`;
}

/** Mermaid takes HTML entities in quoted text, written with # instead of &. */
function mermaidText(text: string): string {
  return text.replace(/["#<>&]/g, (character) => `#${character.charCodeAt(0)};`);
}
