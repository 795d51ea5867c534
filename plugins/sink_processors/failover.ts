import {
  defineSinkProcessor,
  duration,
  errorText,
  int,
  list,
  type Logger,
  map,
  type NamedSink,
  Penalties,
  sinkGroup,
} from "sluice/plugin";

export default defineSinkProcessor({
  name: "failover",
  aliases: ["org.apache.flume.sink.FailoverSinkProcessor"],
  summary: "Uses the best sink that works; the others stand by.",
  about:
    "A sink that fails cools down for 2 s, then 4 s, 8 s, up to maxpenalty, and is then used again if no better one " +
    "works. Success sets it right. When every sink cools down the batch stays in the channel and core tries again.",
  config: {
    sinks: list({ ignored: "The members are a key of the group." }).optional()
      .describe("The members; written beside the processor, not below it."),
    priority: map(int()).default({}).describe(
      "Sink and its priority; larger ones first. Sinks without one follow, in the order of the group.",
    ),
    maxpenalty: duration("ms").default(30_000).describe("Longest cool-down of a failed sink."),
  },
  examples: [{
    title: "A file stands by for a collector",
    yaml: `sources: { in: { type: stdin, channels: [main] } }
channels: { main: { type: direct } }
sinks:
  collector: { type: http, endpoint: "http://127.0.0.1:8080/", channel: main }
  spare: { type: file_roll, directory: spare, channel: main }
sinkGroups:
  all: { sinks: [collector, spare], processor: { type: failover, priority: { collector: 10, spare: 5 } } }`,
  }],
  create({ priority, maxpenalty }, context, sinks) {
    const ranked = rank(sinks, priority, context.log);
    const penalties = Penalties.of(context, maxpenalty);
    return sinkGroup(ranked, {
      order: () => ranked.filter((sink) => !penalties.isOut(sink)),
      delivered: (sink) => penalties.forgive(sink),
      failed(sink, cause) {
        // Of many batches that were under way one tells it.
        if (penalties.isOut(sink)) return;
        penalties.fail(sink);
        context.log.warn(`Sink "${sink.name}" failed and cools down: ${errorText(cause)}`);
      },
    });
  },
});

/** Best first. Two sinks cannot have one priority: as in Flume the later one is left out. */
function rank(
  sinks: readonly NamedSink[],
  priorities: Readonly<Record<string, number>>,
  log: Logger,
): readonly NamedSink[] {
  const byPriority = new Map<number, NamedSink>();
  sinks.forEach((sink, index) => {
    const priority = priorities[sink.name] ?? -1 - index;
    const holder = byPriority.get(priority);
    if (!holder) byPriority.set(priority, sink);
    else {
      log.error(`Sink "${sink.name}" is not used: sink "${holder.name}" has priority ${priority} already`);
    }
  });
  return Array.from(byPriority).sort(([one], [other]) => other - one).map(([, sink]) => sink);
}
