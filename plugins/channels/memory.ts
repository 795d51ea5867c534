import { bytes, type Config, defineChannel, duration, int } from "sluice/plugin";
import { MemoryChannel } from "./_memory/memory_channel.ts";

const config = {
  capacity: int({ min: 1 }, { unit: "events" }).default(100).describe("Events it holds at most."),
  transactionCapacity: int({ min: 1 }, { unit: "events" }).default(100)
    .describe("Events in one put or take at most; larger batches are cut."),
  "keep-alive": duration("s").default(3).describe("How long a put waits for room before it is refused."),
  byteCapacity: bytes().default(512 * 1024 * 1024)
    .describe("Bytes of bodies it holds at most; 0 means no limit."),
  byteCapacityBufferPercentage: int({ min: 0, max: 100 }, { unit: "percent" }).default(20)
    .describe("Share of byteCapacity that is kept free for headers."),
};

export default defineChannel({
  name: "memory",
  aliases: ["org.apache.flume.channel.MemoryChannel"],
  summary: "A bounded queue in memory: fast, and empty after a crash.",
  about:
    "A source that can replay (taildir, spooldir) remembers its events until they have left this channel, so that " +
    "nothing is lost at a crash; behind any other source the content is lost then. Flume's byteCapacity is 80 % of the " +
    "heap; here it is 512 MiB, and counts the bytes that the events really hold. A single batch that is larger than " +
    "byteCapacity is let in when the channel is empty.",
  config,
  check: ({ capacity, transactionCapacity }) =>
    transactionCapacity <= capacity ? [] : [{
      key: "transactionCapacity",
      text: `transactionCapacity ${transactionCapacity} is larger than capacity ${capacity}`,
      fix: "make capacity at least as large",
    }],
  examples: [{
    title: "A buffer of ten thousand events between an HTTP endpoint and a file",
    yaml: `source: { type: http, port: 8080 }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: file_roll, directory: out }`,
  }],
  create: (settings, { name, clock }) =>
    new MemoryChannel({ ...settings, ...limitsOf(settings) }, name, clock),
});

function limitsOf(settings: Config<typeof config>) {
  const { byteCapacity, byteCapacityBufferPercentage } = settings;
  return {
    keepAliveMs: settings["keep-alive"] * 1000,
    byteLimit: byteCapacity === 0 ? Infinity : byteCapacity * (1 - byteCapacityBufferPercentage / 100),
  };
}
