import { bool, defineInterceptor, text } from "sluice/plugin";
import { fillHeader } from "./_headers/fill.ts";

export default defineInterceptor({
  name: "timestamp",
  aliases: [
    "org.apache.flume.interceptor.TimestampInterceptor$Builder",
    "org.apache.flume.interceptor.TimestampInterceptor",
  ],
  summary: "Adds the time at which an event came, in milliseconds since 1970.",
  about: "All events of a batch get the same time. It costs one string for each batch.",
  config: {
    headerName: text({ alias: ["header"] }).default("timestamp").describe("Header that gets the time."),
    preserveExisting: bool().default(false).describe("Leave events alone that have the header already."),
  },
  examples: [{
    title: "Tell when each line came",
    yaml: `source: { type: stdin }
interceptors: [{ type: timestamp, headerName: arrived }]
sink: { type: stdout, codec: json }`,
  }],
  create: ({ headerName: name, preserveExisting }, { clock }) => ({
    intercept: (batch) => fillHeader(batch, { name, preserveExisting }, String(clock.now())),
  }),
});
