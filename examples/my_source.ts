import { defineSource, duration, EventBatch, text } from "sluice/plugin";

/** Events in one round. */
const ROUND = 5;

export default defineSource({
  name: "my_source",
  aliases: ["com.stt.demo.flume.Ch01_mySource.MySource"],
  summary: "Makes five numbered events again and again: a first source of one's own.",
  about:
    "What the Java class did in `configure` is done by the fields, and each call of its `process` is one round of the loop.",
  config: {
    delay: duration("ms").describe("Pause after each event."),
    field: text().default("Hello!").describe("Start of each body; the number 0 to 4 follows."),
  },
  examples: [{
    title: "Five events a second, to the log",
    yaml: `source: { type: ./my_source.ts, delay: 200, field: mySource- }
sink: { type: logger }`,
  }],
  create: ({ delay, field }, { signal, clock }) => ({
    async run(emit) {
      for (let number = 0; !signal.aborted; number = (number + 1) % ROUND) {
        await emit(EventBatch.from([{ body: `${field}${number}` }]));
        await clock.sleep(delay, signal);
      }
    },
  }),
});
