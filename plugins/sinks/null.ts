import { defineSink, int } from "sluice/plugin";

export default defineSink({
  name: "null",
  aliases: ["org.apache.flume.sink.NullSink"],
  summary: "Discards events.",
  about: "For measuring and for trying out what stands before it. Each event counts as delivered.",
  config: {
    batchSize: int({ min: 1 }, { unit: "events", ignored: "Batches are taken as they come." }).default(100)
      .describe("Events in one take."),
    logEveryNEvents: int({ min: 0 }, { unit: "events" }).default(10_000)
      .describe("Write a line of progress this often; 0 means never."),
  },
  examples: [{
    title: "How many lines a second can be read",
    yaml: `source: { type: taildir, filegroups: { logs: in/.*\\\\.log } }
sink: { type: "null", logEveryNEvents: 1000000 }`,
  }],
  create({ logEveryNEvents }, { log }) {
    let count = 0;
    return {
      write({ size }) {
        const steps = logEveryNEvents === 0 ? 0 : Math.floor((count + size) / logEveryNEvents);
        const isDue = steps > Math.floor(count / (logEveryNEvents || 1));
        count += size;
        if (isDue) log.info(`Discarded ${steps * logEveryNEvents} events`);
      },
    };
  },
});
