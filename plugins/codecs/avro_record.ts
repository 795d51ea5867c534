import { bytes, choice, defineCodec, url } from "sluice/plugin";
import { AVRO_COMPRESSIONS } from "../../protocols/avro_compression.ts";
import { datumEncoder } from "./_avro/datum_encoder.ts";
import { Schemas } from "./_avro/schemas.ts";

const config = {
  schemaURL: url(["http", "https", "file"]).optional()
    .describe("Where the schema of events is that have no header for it."),
  syncIntervalBytes: bytes().default(2_048_000)
    .describe("A block ends at this many bytes, and at the end of each batch."),
  compressionCodec: choice(["null", "deflate", "snappy", "zstandard"]).default("null")
    .describe("How blocks are compressed."),
};

export default defineCodec({
  name: "avro_record",
  aliases: [
    "org.apache.flume.sink.hdfs.AvroEventSerializer$Builder",
    "org.apache.flume.sink.hdfs.AvroEventSerializer",
  ],
  summary: "Writes bodies that are Avro datums into container files of their own schema.",
  about:
    "The header `flume.avro.schema.literal` holds the schema, or `flume.avro.schema.url` says where it is, or else " +
    "`schemaURL` does. The first event decides the schema of a file. Unlike Flume, which would write a file that nobody " +
    "can read, events of another schema, events without one and bodies that are no datum of it go to the pipeline's dead letters. To write " +
    "each schema to files of its own, give events a header for it and file_roll a `bucket`. Headers are left out. Schemas " +
    "in HDFS and the codecs bzip2 and xz are not offered. Reading such files is the business of `avro_event`.",
  config,
  examples: [{
    title: "Copy Avro files record by record, compressed",
    yaml: `source: { type: spooldir, spoolDir: in, deserializer: { type: avro_event, schemaType: LITERAL } }
sink: { type: file_roll, directory: out, extension: avro, serializer: { type: avro_record, compressionCodec: zstandard } }`,
  }],
  create({ schemaURL: schemaUrl, syncIntervalBytes, compressionCodec: codec }) {
    const schemas = new Schemas();
    const compression = AVRO_COMPRESSIONS[codec];
    return { encoder: () => datumEncoder({ schemas, schemaUrl, syncIntervalBytes, codec, compression }) };
  },
});
