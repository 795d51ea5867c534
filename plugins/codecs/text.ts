import { bool, defineCodec } from "sluice/plugin";
import { LineWriter } from "./_text/line_writer.ts";

export default defineCodec({
  name: "text",
  aliases: [
    "org.apache.flume.serialization.BodyTextEventSerializer$Builder",
    "org.apache.flume.serialization.BodyTextEventSerializer",
  ],
  summary: "Writes bodies as they are, a newline behind each; headers are left out.",
  about:
    "Flume's TEXT serializer. Bodies that were read as lines and not changed go out without being copied. " +
    "A body that holds a newline is written as it is, so a reader of lines will see two.",
  config: {
    appendNewline: bool().default(true).describe("Write a newline behind each body."),
  },
  examples: [{
    title: "Bodies one behind another, nothing between them",
    yaml: `source: { type: stdin }
sink: { type: stdout, codec: { type: text, appendNewline: false } }`,
  }],
  create: (settings) => ({
    encoder: () => {
      const lines = new LineWriter(settings);
      return { contentType: "text/plain; charset=utf-8", encode: (batch) => lines.slices(batch) };
    },
  }),
});
