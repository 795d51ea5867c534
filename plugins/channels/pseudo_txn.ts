import { type Config, defineChannel, duration, int } from "sluice/plugin";
import { MemoryChannel } from "./_memory/memory_channel.ts";

const config = {
  capacity: int({ min: 1 }, { unit: "events" }).default(50).describe("Events it holds at most."),
  "keep-alive": duration("s").default(3).describe("How long a put waits for room before it is refused."),
};

export default defineChannel({
  name: "pseudo_txn",
  aliases: ["org.apache.flume.channel.PseudoTxnMemoryChannel"],
  summary: "Flume's queue for tests of Flume; here it makes a small memory channel.",
  about:
    "Flume's transactions do nothing in this channel, so that a failing sink loses events; it is meant for Flume's own tests. Here the " +
    "word stays, so that old files run: it makes a [memory](memory.md) channel, which loses nothing then. New pipelines should say " +
    "`type: memory`.",
  config,
  examples: [{
    title: "A channel from an old Flume file",
    yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
channel: { type: pseudo_txn, capacity: 100 }
sink: { type: logger }`,
  }],
  create: (settings, { name, clock }) => new MemoryChannel(memorySettings(settings), name, clock),
});

function memorySettings(settings: Config<typeof config>) {
  const { capacity } = settings;
  const keepAliveMs = settings["keep-alive"] * 1000;
  return { capacity, transactionCapacity: capacity, keepAliveMs, byteLimit: Infinity };
}
