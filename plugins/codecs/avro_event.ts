import { bytes, choice, defineCodec } from "sluice/plugin";
import { AVRO_COMPRESSIONS } from "../../protocols/avro_compression.ts";
import { datumDecoder } from "./_avro/datum_decoder.ts";
import { eventEncoder } from "./_avro/event_encoder.ts";

const config = {
  syncIntervalBytes: bytes().default(2_048_000)
    .describe("Output: a block ends at this many bytes, and at the end of each batch."),
  compressionCodec: choice(["null", "deflate", "snappy", "zstandard"]).default("null")
    .describe("Output: how blocks are compressed."),
  schemaType: choice(["HASH", "LITERAL"]).default("HASH")
    .describe("Input: what is told of the schema in a header, its fingerprint or its text."),
  maxBlockBytes: bytes().default(64 * 1024 * 1024)
    .describe("Input: largest block that is read, compressed or expanded."),
};

export default defineCodec({
  name: "avro_event",
  aliases: [
    "avro",
    "org.apache.flume.serialization.FlumeEventAvroEventSerializer$Builder",
    "org.apache.flume.serialization.FlumeEventAvroEventSerializer",
    "org.apache.flume.serialization.AvroEventDeserializer$Builder",
    "org.apache.flume.serialization.AvroEventDeserializer",
  ],
  summary:
    "Writes Avro container files of events; reads one event from each datum of any Avro container file.",
  about:
    "Output is Flume's AVRO_EVENT: records `Event` of `headers` (map of string) and `body` (bytes), so nothing is " +
    "lost. A block is as large as the batch that arrived, and at most `syncIntervalBytes`.\n\n" +
    "Input is Flume's AVRO deserializer: the body is the datum in Avro's binary encoding, and the header " +
    "`flume.avro.schema.hash` (CRC-64-AVRO) or `flume.avro.schema.literal` tells the schema. Reading back what was " +
    "written here therefore gives encoded `Event` records as bodies. The codecs bzip2 and xz are not offered.",
  config,
  examples: [{
    title: "Events with their headers in compressed files",
    yaml: `source: { type: stdin }
sink: { type: file_roll, directory: out, extension: avro, serializer: { type: avro_event, compressionCodec: snappy } }`,
  }],
  create: (settings) => ({
    encoder: () =>
      eventEncoder({
        codec: settings.compressionCodec,
        compression: AVRO_COMPRESSIONS[settings.compressionCodec],
        syncIntervalBytes: settings.syncIntervalBytes,
      }),
    decoder: () => datumDecoder(settings),
  }),
});
