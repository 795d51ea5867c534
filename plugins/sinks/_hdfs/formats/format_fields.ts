import { bytes, choice, codec, type Config, errorText, int, meta, path, text, z } from "sluice/plugin";
import { HADOOP_CODEC_NAMES } from "../../../../protocols/hadoop/compression.ts";
import { parseRowSchema } from "../../../../protocols/avro_rows/row_schema.ts";

const WRITE_FORMATS = [
  "Writable",
  "Text",
  "org.apache.flume.sink.hdfs.HDFSWritableSerializer",
  "org.apache.flume.sink.hdfs.HDFSWritableSerializer$Builder",
  "org.apache.flume.sink.hdfs.HDFSTextSerializer",
  "org.apache.flume.sink.hdfs.HDFSTextSerializer$Builder",
] as const;

/** The sink's fields that say what its files are like. */
export const FORMAT_FIELDS = {
  "hdfs.fileType": choice(["SequenceFile", "DataStream", "CompressedStream", "Avro", "Parquet"], {
    alias: ["fileType"],
  }).default("SequenceFile").describe(
    "What files are: Hadoop's SequenceFile; what `serializer` writes, plain (`DataStream`) or compressed by `hdfs.codeC` (`CompressedStream`); Avro or Parquet of the rows of `schema`.",
  ),
  "hdfs.writeFormat": choice(WRITE_FORMATS, { type: "Writable \\| Text", alias: ["writeFormat"] })
    .default("Writable").describe(
      "SequenceFile: class of the values, `BytesWritable` or `Text`. Keys are the header `timestamp` in epoch milliseconds, or the clock.",
    ),
  "hdfs.codeC": text({ alias: ["codeC"] }).default("").describe(
    `What compresses: ${
      HADOOP_CODEC_NAMES.join(", ")
    }, or None; Hadoop's class names are taken, too. Its extension is put behind file names. Parquet takes snappy (when none is named), gzip and zstd; Avro deflate, snappy and zstd.`,
  ),
  "hdfs.codecLevel": int({ min: 1, max: 22 }, { alias: ["codecLevel"] }).optional()
    .describe("Effort of the codec: 1 to 9, for zstd to 22; its own when left out. For Avro it is fixed."),
  "hdfs.compressBy": choice(["block", "value"], { alias: ["compressBy"] }).default("block").describe(
    "SequenceFile with a codec: many rows at a time, as Flume does, or each value by itself.",
  ),
  serializer: codec("encoder", { fallback: "text" })
    .describe("How events are written into a DataStream or CompressedStream."),
  schema: rowSchema().optional().describe(
    'Avro and Parquet: the rows, as Avro schema of type "record", in YAML or JSON.',
  ),
  schemaFile: path({ access: "read" }).optional()
    .describe("Avro and Parquet: a file that holds the schema as JSON (`.avsc`), in place of `schema`."),
  rowsFrom: choice(["json", "headers"]).default("json").describe(
    "Avro and Parquet: where the fields of a row come from, a JSON object in the body or the headers of their names; then field `body` is the body, and a map `headers` is all headers.",
  ),
  rowGroupSize: bytes().default(4 * 1024 * 1024).describe(
    "Parquet: a row group ends when its rows take so much room in the stage. Each upload keeps as much in memory; while a worker thread makes one group into columns, that takes up to sixty times as much.",
  ),
  rowGroupRows: int({ min: 1 }, { unit: "rows" }).default(100_000)
    .describe("Parquet: a row group ends after so many rows at the latest."),
};

/** What the sink is told of its files. */
export type FormatSettings = Config<typeof FORMAT_FIELDS>;

/** A schema in YAML, or JSON in a text. */
function rowSchema() {
  const field = z.unknown().transform((value, context) => {
    try {
      return parseRowSchema(value);
    } catch (cause) {
      context.addIssue({
        code: "custom",
        message: `Expected an Avro schema: ${errorText(cause)}`,
        input: value,
      });
      return z.NEVER;
    }
  });
  return meta(field, { type: "Avro schema" });
}
