import { bool, choice, type Decoded, type Decoder, defineCodec, EventBatch, int } from "sluice/plugin";
import { maxUnfinishedBytes, splitCharLines } from "./_line/char_cuts.ts";
import { OUTPUT_CHARSETS, transcoder } from "./_line/charsets.ts";
import { LineWriter } from "./_text/line_writer.ts";

const config = {
  maxLineLength: int({ min: 1 }, { unit: "characters" }).default(2048)
    .describe("Longer lines are cut, and go on in the next event."),
  outputCharset: choice(OUTPUT_CHARSETS).default("UTF-8").describe("Charset of bodies."),
  cutReturn: bool().default(false)
    .describe("Leave out a carriage return in front of the newline; Flume keeps it."),
};

function lineDecoder(
  settings: { maxLineLength: number; outputCharset: (typeof OUTPUT_CHARSETS)[number]; cutReturn: boolean },
  charset: string,
): Decoder {
  const transcode = transcoder(charset, settings.outputCharset);
  return {
    maxEventBytes: maxUnfinishedBytes(settings),
    decode(bytes, last): Decoded {
      const { consumedBytes, ...index } = splitCharLines(bytes, last, settings);
      const batch = new EventBatch({ block: bytes, ...index });
      return { batch: transcode ? transcoded(batch, transcode) : batch, consumedBytes };
    },
  };
}

function transcoded(batch: EventBatch, transcode: (body: Uint8Array) => Uint8Array): EventBatch {
  return EventBatch.ofBodies(Array.from({ length: batch.size }, (_, index) => transcode(batch.body(index))));
}

export default defineCodec({
  name: "line",
  aliases: [
    "org.apache.flume.serialization.LineDeserializer$Builder",
    "org.apache.flume.serialization.LineDeserializer",
  ],
  summary: "Reads one event from each line; writes each body with a newline behind it.",
  about:
    "Flume's LINE deserializer, without copying: bodies stay in the bytes that were read. A line ends with a newline; " +
    "a carriage return in front of it stays in the body, as in Flume, unless `cutReturn` says otherwise. The last line " +
    "need not end with a newline. A long line is cut between characters. Unlike Flume, a line of exactly `maxLineLength` " +
    "characters is not followed by an empty event. Bytes that are not UTF-8 pass unchanged unless a charset is converted. " +
    "Input in UTF-16 or UTF-32 is refused.",
  config,
  examples: [{
    title: "Lines of up to a megabyte from files that came from Windows",
    yaml:
      `source: { type: spooldir, spoolDir: in, deserializer: { type: line, maxLineLength: 1048576, cutReturn: true } }
sink: { type: stdout, codec: line }`,
  }],
  create: (settings) => ({
    encoder: () => {
      const lines = new LineWriter({ appendNewline: true });
      return { contentType: "text/plain; charset=utf-8", encode: (batch) => lines.slices(batch) };
    },
    decoder: (about = {}) => lineDecoder(settings, about.charset ?? "utf-8"),
  }),
});
