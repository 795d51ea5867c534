import { bytes, type Decoded, type Decoder, defineCodec, EventBatch, list } from "sluice/plugin";
import { LineWriter } from "./_text/line_writer.ts";

/** What a source tells of an input that is no parameter of a request. */
const NO_PARAMETERS: ReadonlySet<string> = new Set(["content-type", "charset", "file", "basename", "path"]);

const config = {
  maxBlobLength: bytes().default(100_000_000)
    .describe("Longer inputs become several events of this many bytes."),
  mandatoryParameters: list().default([])
    .describe("Query parameters that an HTTP request must have."),
};

function parametersOf(about: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(about).filter(([name]) => !NO_PARAMETERS.has(name)));
}

function blobDecoder(maxEventBytes: number, headers: ReadonlyMap<string, string>): Decoder {
  let isFirst = true;
  return {
    maxEventBytes,
    decode(bytes, last): Decoded {
      const whole = Math.floor(bytes.length / maxEventBytes);
      // A request without a body still says something by its parameters.
      const hasRest = last &&
        (bytes.length % maxEventBytes > 0 || (isFirst && whole === 0 && headers.size > 0));
      const size = hasRest ? whole + 1 : whole;
      const consumedBytes = last ? bytes.length : whole * maxEventBytes;
      isFirst &&= size === 0;
      const starts = Uint32Array.from({ length: size }, (_, index) => index * maxEventBytes);
      const ends = starts.map((start) => Math.min(start + maxEventBytes, consumedBytes));
      return { batch: new EventBatch({ block: bytes, starts, ends, headers }), consumedBytes };
    },
  };
}

export default defineCodec({
  name: "blob",
  aliases: [
    "org.apache.flume.source.http.BLOBHandler",
    "org.apache.flume.sink.solr.morphline.BlobHandler",
    "org.apache.flume.sink.solr.morphline.BlobHandler$Builder",
    "org.apache.flume.sink.solr.morphline.BlobDeserializer",
    "org.apache.flume.sink.solr.morphline.BlobDeserializer$Builder",
  ],
  summary: "Reads a whole file or request body as one event; writes bodies as they are.",
  about:
    "Flume's blob deserializer and HTTP handlers. The query parameters of an HTTP request become headers. Nothing is " +
    "written between bodies, so only formats that can be joined (gzip, JSON lines, MPEG) can be read again.",
  config,
  examples: [{
    title: "Whole files as events",
    yaml: `source: { type: spooldir, spoolDir: in, deserializer: blob }
sink: { type: "null" }`,
  }],
  create: ({ maxBlobLength, mandatoryParameters }) => ({
    encoder: () => {
      const bodies = new LineWriter({ appendNewline: false });
      return { contentType: "application/octet-stream", encode: (batch) => bodies.slices(batch) };
    },
    decoder(about = {}) {
      const headers = parametersOf(about);
      const missing = mandatoryParameters.filter((name) => !headers.has(name));
      if (missing.length > 0) {
        throw new SyntaxError(`Mandatory parameters are missing: ${missing.join(", ")}`);
      }
      return blobDecoder(maxBlobLength, headers);
    },
  }),
});
