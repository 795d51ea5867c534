import { defineSelector, list } from "sluice/plugin";

export default defineSelector({
  name: "replicating",
  aliases: [
    "org.apache.flume.channel.ReplicatingChannelSelector",
  ],
  summary: "Sends every event to every channel of the source; the selector where none is named.",
  about: "The failure of an optional channel is counted and otherwise ignored.",
  config: {
    optional: list().default([]).describe("Channels whose failure does not matter."),
  },
  examples: [{
    title: "To a file, and to the terminal if it keeps up",
    yaml: `sources:
  in:
    type: stdin
    channels: [kept, shown]
    selector: { type: replicating, optional: [shown] }
channels: { kept: { type: memory }, shown: { type: memory } }
sinks:
  file: { type: file_roll, directory: out, channel: kept }
  terminal: { type: stdout, channel: shown }`,
  }],
  create({ optional }, _context, channels) {
    const ignored = new Set(optional);
    const targets = [
      ...channels.filter((name) => !ignored.has(name)).map((channel) => ({ channel, required: true })),
      ...channels.filter((name) => ignored.has(name)).map((channel) => ({ channel, required: false })),
    ];
    return { select: (batch) => targets.map((target) => ({ ...target, batch })) };
  },
});
