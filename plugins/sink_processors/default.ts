import { ConfigError, defineSinkProcessor, list } from "sluice/plugin";

export default defineSinkProcessor({
  name: "default",
  aliases: ["org.apache.flume.sink.DefaultSinkProcessor"],
  summary: "Hands everything to the group's one sink.",
  about: "A sink that belongs to no group needs no processor; this one exists for Flume files that name it.",
  config: {
    sinks: list({ ignored: "The members are a key of the group." }).optional()
      .describe("The members; written beside the processor, not below it."),
  },
  examples: [{
    title: "A group of one",
    yaml: `sources: { in: { type: stdin, channels: [main] } }
channels: { main: { type: direct } }
sinks: { out: { type: stdout, channel: main } }
sinkGroups: { all: { sinks: [out], processor: { type: default } } }`,
  }],
  create(_config, { name }, sinks) {
    const [only] = sinks;
    if (!only || sinks.length > 1) {
      throw new ConfigError(
        `Group "${name}" has ${sinks.length} sinks, but processor "default" takes exactly one`,
      );
    }
    return only;
  },
});
