import { defineSink, text } from "sluice/plugin";

export default defineSink({
  name: "my_sink",
  aliases: ["com.stt.demo.flume.Ch02_mySink.MySink"],
  summary: "Logs each body between two texts: a first sink of one's own.",
  about:
    "What the Java class did with the channel and its transaction is done by core: `write` gets events, and when it throws they " +
    "come again. Without `suffix` the Java class logged the word null; this one logs nothing there.",
  config: {
    prefix: text().default("hello:").describe("Text in front of each body."),
    suffix: text().default("").describe("Text behind it."),
  },
  examples: [{
    title: "Lines from nc to the log, with something around them",
    yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
sink: { type: ./my_sink.ts, prefix: "<", suffix: ">" }`,
  }],
  create: ({ prefix, suffix }, { log }) => ({
    write(batch) {
      for (let index = 0; index < batch.size; index++) log.info(`${prefix}${batch.text(index)}${suffix}`);
    },
  }),
});
