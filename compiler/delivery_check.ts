import { type Fields, metaOf } from "../core/schema.ts";
import type { CheckedPart } from "./part_check.ts";
import type { SectionTools } from "./sections.ts";
import type { CheckedAgent, Wiring } from "./wiring.ts";

/** Warns of what runs, but not as one may think: cut batches, and events that a crash can lose. */
export function checkDelivery(agent: CheckedAgent, wiring: Wiring, tools: SectionTools): void {
  const channels = new Map(
    agent.channels.map(({ name }, index) => [name, agent.channelParts[index]] as const),
  );
  for (const source of agent.sources) {
    if (!source.source) continue;
    for (const name of wiring.channelsOf(source)) {
      const channel = channels.get(name);
      if (!channel) continue;
      checkBatch(source.source, channel, tools);
      checkLoss(source.source, channel, tools);
    }
  }
  for (const sink of agent.sinks) {
    const channel = channels.get(wiring.channelOf(sink));
    if (sink.sink && channel) checkBatch(sink.sink, channel, tools);
  }
}

/** Warns of settings that plugins themselves have doubts about. */
export function checkCautions(
  { sources, channelParts, sinks }: CheckedAgent,
  stateDir: string,
  { report }: SectionTools,
): void {
  const parts = [...sources.map(({ source }) => source), ...channelParts, ...sinks.map(({ sink }) => sink)];
  for (const part of parts) {
    if (!part) continue;
    const { part: { plugin }, checked, title } = part;
    for (const { key, text, fix } of plugin.cautions?.(checked.config, { stateDir }) ?? []) {
      report.warning("doubtful-settings", checked.placeOf(key), {
        text: `${title}: ${text}`,
        ...fix && { fix },
      });
    }
  }
}

/** Flume refuses a component whose batch exceeds its channel's transactions; here the batch is cut. */
function checkBatch(part: CheckedPart, channel: CheckedPart, { report, syntax }: SectionTools): void {
  const { config } = channel.checked;
  const limitKey = typeof config.transactionCapacity === "number" ? "transactionCapacity" : "capacity";
  const limit = config[limitKey];
  const batchKey = batchField(part);
  const batch = batchKey && part.checked.config[batchKey];
  if (typeof limit !== "number" || typeof batch !== "number" || batchKey === undefined || batch <= limit) {
    return;
  }
  const owner = part.checked.isWritten(batchKey)
    ? part
    : channel.checked.isWritten(limitKey)
    ? channel
    : undefined;
  if (!owner) return;
  report.warning("large-batch", owner.checked.placeOf(owner === part ? batchKey : limitKey), {
    text: `${part.title} asks for batches of ${batch} events, ${channel.title} has a ${limitKey} of ${limit}${
      syntax.isFlume ? `; Flume leaves such a ${part.part.plugin.kind} out` : ""
    }`,
    fix: `batches are cut to ${limit}; make "${limitKey}" at least ${batch}`,
  });
}

/** The field that says how many events a batch holds, where it has an effect. */
function batchField({ part }: CheckedPart): string | undefined {
  const fields = Object.entries(part.plugin.config as Fields);
  return fields.find(([key, field]) => /(?:^|\.)batch-?size$/i.test(key) && !metaOf(field).ignored)?.[0];
}

function checkLoss(source: CheckedPart, channel: CheckedPart, { report, syntax }: SectionTools): void {
  if (source.part.plugin.replayable || channel.part.type !== "memory") return;
  report.warning("volatile-channel", source.place, {
    text: `${source.title} cannot send again what a crash leaves in ${channel.title}: it can be lost`,
    fix: syntax.isFlume
      ? `write "${
        syntax.write({ owner: `channels.${channel.part.name}`, key: "type", value: "file" })
      }", which keeps events on disk, or direct, where the source is answered after delivery`
      : "use `channel: file`, which keeps events on disk, or `channel: direct`, where the source is answered after delivery",
  });
}
