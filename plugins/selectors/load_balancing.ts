import { choice, defineSelector } from "sluice/plugin";

export default defineSelector({
  name: "load_balancing",
  aliases: [
    "org.apache.flume.channel.LoadBalancingChannelSelector",
  ],
  summary: "Sends each batch to one of the source's channels.",
  about:
    "A batch goes to one channel as a whole. Flume chooses anew for each event that comes alone and for each batch " +
    "otherwise; many batches come out even here too.",
  config: {
    policy: choice(["round_robin", "random"]).default("round_robin").describe("How the channel is chosen."),
  },
  examples: [{
    title: "Two writers share the work",
    yaml: `sources:
  in:
    type: stdin
    channels: [left, right]
    selector: { type: load_balancing, policy: round_robin }
channels: { left: { type: memory }, right: { type: memory } }
sinks:
  one: { type: file_roll, directory: out/one, channel: left }
  two: { type: file_roll, directory: out/two, channel: right }`,
  }],
  create({ policy }, _context, channels) {
    let turn = 0;
    const next = policy === "random" ? () => Math.floor(Math.random() * channels.length) : () => turn++;
    return {
      select: (batch) => [{ channel: channels[next() % channels.length]!, batch, required: true }],
    };
  },
});
