import { ConfigError, defineSelector, type EventBatch, list, map, type Route, text } from "sluice/plugin";

/** The channels for one value of the header. */
interface Target {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

const config = {
  header: text().default("flume.selector.header").describe("Header whose value decides."),
  default: list().default([]).describe(
    "Channels for values without a mapping, and for events without the header.",
  ),
  mapping: map(list()).default({}).describe("Value and its channels."),
  optional: map(list()).default({}).describe("Value and the channels whose failure does not matter for it."),
};

export default defineSelector({
  name: "multiplexing",
  aliases: [
    "org.apache.flume.channel.MultiplexingChannelSelector",
  ],
  summary: "Chooses channels by the value of a header.",
  about:
    "A channel that is both required and optional for a value is required. A value that has only optional channels " +
    "goes to the default channels as well. An event for which there is no channel is dropped, as in Flume. A batch whose " +
    "events all have one value goes on as it is; others are split without copying bodies.",
  config,
  check: ({ default: fallback, mapping, optional }) =>
    fallback.length > 0 || Object.keys(mapping).length > 0 || Object.keys(optional).length > 0 ? [] : [{
      key: "mapping",
      text: "There is neither a mapping nor a default: every event would be dropped",
      fix: "set mapping.<value> or default",
    }],
  examples: [{
    title: "Errors apart from the rest",
    yaml: `sources:
  in:
    type: stdin
    channels: [errors, rest]
    interceptors:
      - type: regex_extractor
        regex: '\\b(ERROR|FATAL)\\b'
        serializers: { level: { name: level } }
    selector:
      type: multiplexing
      header: level
      mapping: { ERROR: errors, FATAL: [errors, rest] }
      default: rest
channels: { errors: { type: memory }, rest: { type: memory } }
sinks:
  urgent: { type: file_roll, directory: out/errors, channel: errors }
  other: { type: file_roll, directory: out/rest, channel: rest }`,
  }],
  create({ header, default: fallback, mapping, optional }, { name }, channels) {
    const named = [fallback, ...Object.values(mapping), ...Object.values(optional)].flat();
    const unknown = named.find((channel) => !channels.includes(channel));
    if (unknown !== undefined) {
      throw new ConfigError(
        `Selector of "${name}" names channel "${unknown}", but the source has only: ${channels.join(", ")}`,
      );
    }
    const otherwise: Target = { required: fallback, optional: [] };
    const targets = targetsOf({ fallback, mapping, optional });
    const targetOf = (value: string | undefined) => targets.get(value ?? "") ?? otherwise;
    return { select: (batch) => route(batch, header, targetOf) };
  },
});

type Channels = Readonly<Record<string, readonly string[]>>;

function targetsOf(
  { fallback, mapping, optional }: {
    readonly fallback: readonly string[];
    readonly mapping: Channels;
    readonly optional: Channels;
  },
): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>();
  for (const value of new Set([...Object.keys(mapping), ...Object.keys(optional)])) {
    const mapped = mapping[value] ?? [];
    const required = mapped.length > 0 ? mapped : fallback;
    targets.set(value, {
      required,
      optional: (optional[value] ?? []).filter((channel) => !required.includes(channel)),
    });
  }
  return targets;
}

function route(
  batch: EventBatch,
  header: string,
  targetOf: (value: string | undefined) => Target,
): readonly Route[] {
  const column = batch.headers.get(header);
  const first = targetOf(typeof column === "object" ? column[0] : column);
  if (typeof column !== "object" || column.every((value) => targetOf(value) === first)) {
    return [
      ...first.required.map((channel) => ({ channel, batch, required: true })),
      ...first.optional.map((channel) => ({ channel, batch, required: false })),
    ];
  }
  const places = { required: new Map<string, number[]>(), optional: new Map<string, number[]>() };
  column.forEach((value, index) => {
    const { required, optional } = targetOf(value);
    for (const channel of required) push(places.required, channel, index);
    for (const channel of optional) push(places.optional, channel, index);
  });
  return [...part(batch, places.required, true), ...part(batch, places.optional, false)];
}

function push(places: Map<string, number[]>, channel: string, index: number): void {
  const known = places.get(channel);
  if (known) known.push(index);
  else places.set(channel, [index]);
}

function part(batch: EventBatch, places: ReadonlyMap<string, readonly number[]>, required: boolean): Route[] {
  return Array.from(places, ([channel, indexes]) => {
    const whole = indexes.length === batch.size;
    return { channel, batch: whole ? batch : batch.select(Uint32Array.from(indexes)), required };
  });
}
