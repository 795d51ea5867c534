import {
  bool,
  choice,
  ConfigError,
  defineSinkProcessor,
  duration,
  errorText,
  list,
  type NamedSink,
  Penalties,
  sinkGroup,
} from "sluice/plugin";

const SELECTORS = [
  "round_robin",
  "random",
  "least_outstanding",
  "org.apache.flume.util.RoundRobinOrderSelector",
  "org.apache.flume.util.RandomOrderSelector",
] as const;

export default defineSinkProcessor({
  name: "load_balance",
  aliases: ["org.apache.flume.sink.LoadBalancingSinkProcessor"],
  summary: "Spreads batches over several sinks; where one fails, the next one gets the batch.",
  about:
    "What is spread are batches, not events. `least_outstanding`, which Flume does not have, chooses the sink with " +
    "the fewest events that are written and not yet delivered. With backoff a failed sink is left out for 2 s, then " +
    "4 s, 8 s, up to selector.maxTimeOut; failures count as in a row while they are less than an hour apart. Selector " +
    "classes of one's own cannot be run.",
  config: {
    sinks: list({ ignored: "The members are a key of the group." }).optional()
      .describe("The members, at least two; written beside the processor, not below it."),
    backoff: bool().default(false).describe("Leave a failed sink out for a while."),
    selector: choice(SELECTORS).default("round_robin").describe("How the sink for a batch is chosen."),
    "selector.maxTimeOut": duration("ms").default(30_000).describe(
      "Longest time for which a sink is left out.",
    ),
  },
  examples: [{
    title: "Two collectors by turns",
    yaml: `sources: { in: { type: stdin, channels: [main] } }
channels: { main: { type: direct } }
sinks:
  one: { type: file_roll, directory: out/one, channel: main }
  two: { type: file_roll, directory: out/two, channel: main }
sinkGroups:
  all: { sinks: [one, two], processor: { type: load_balance, backoff: true, selector: round_robin } }`,
  }],
  create({ backoff, selector, "selector.maxTimeOut": maxMs }, context, sinks) {
    if (sinks.length < 2) {
      const reason = `has ${sinks.length} sinks, but processor "load_balance" needs at least two`;
      throw new ConfigError(`Group "${context.name}" ${reason}`);
    }
    const penalties = Penalties.of(context, maxMs);
    const outstanding = new Map<NamedSink, number>();
    const add = (sink: NamedSink, events: number) =>
      outstanding.set(sink, (outstanding.get(sink) ?? 0) + events);
    const choose = orderOf(selector, (sink) => outstanding.get(sink) ?? 0);
    return sinkGroup(sinks, {
      order: () => choose(backoff ? sinks.filter((sink) => !penalties.isOut(sink)) : sinks),
      started: (sink, batch) => void add(sink, batch.size),
      ended: (sink, batch) => void add(sink, -batch.size),
      failed(sink, cause) {
        if (backoff) penalties.fail(sink);
        context.log.warn(`Sink "${sink.name}" failed: ${errorText(cause)}`);
      },
    });
  },
});

type Order = (sinks: readonly NamedSink[]) => readonly NamedSink[];

function orderOf(selector: (typeof SELECTORS)[number], load: (sink: NamedSink) => number): Order {
  if (/random/i.test(selector)) return shuffled;
  const turn = byTurns();
  if (selector !== "least_outstanding") return turn;
  return (sinks) => turn(sinks).toSorted((one, other) => load(one) - load(other));
}

/** Each call starts with the sink behind the one that the last call started with. */
function byTurns(): Order {
  let last: NamedSink | undefined;
  let lastPlace = -1;
  return (sinks) => {
    if (sinks.length === 0) return sinks;
    const found = last === undefined ? -1 : sinks.indexOf(last);
    const place = (found >= 0 ? found + 1 : Math.max(lastPlace, 0)) % sinks.length;
    [last, lastPlace] = [sinks[place], place];
    return [...sinks.slice(place), ...sinks.slice(0, place)];
  };
}

function shuffled(sinks: readonly NamedSink[]): readonly NamedSink[] {
  return sinks.map((sink) => ({ sink, rank: Math.random() }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ sink }) => sink);
}
