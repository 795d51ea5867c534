import { ConfigError, type Context, errorText } from "sluice/plugin";
import type { AVRO_COMPRESSIONS } from "../../../../protocols/avro_compression.ts";
import { parseRowSchema, type RowSchema } from "../../../../protocols/avro_rows/row_schema.ts";
import { findHadoopCodec, type HadoopCodec } from "../../../../protocols/hadoop/compression.ts";
import type { PARQUET_CODECS } from "../../../../protocols/parquet/parquet_file.ts";
import { parquetSchema } from "../../../../protocols/parquet/parquet_schema.ts";
import type { FileFormat } from "./format.ts";
import { avroFormat } from "./format_avro.ts";
import type { FormatSettings } from "./format_fields.ts";
import { parquetFormat } from "./format_parquet.ts";
import { sequenceFormat } from "./format_sequence.ts";
import { compressedStream, plainStream } from "./format_stream.ts";

/** A fault of settings that are right alone, as a plugin's `check` tells it. */
export interface FormatFault {
  readonly key: keyof FormatSettings;
  readonly text: string;
  readonly fix?: string;
}

type MakeFormat = (context: Context) => FileFormat | Promise<FileFormat>;

/** Of Hadoop's codecs, those that blocks of an Avro container may be compressed with. */
const AVRO_NAMES: Readonly<Record<string, keyof typeof AVRO_COMPRESSIONS>> = {
  DeflateCodec: "deflate",
  DefaultCodec: "deflate",
  SnappyCodec: "snappy",
  ZStandardCodec: "zstandard",
};
/** … and those for pages of a Parquet file. */
const PARQUET_NAMES: Readonly<Record<string, keyof typeof PARQUET_CODECS>> = {
  SnappyCodec: "SNAPPY",
  GzipCodec: "GZIP",
  ZStandardCodec: "ZSTD",
};

/** A file's description grows with its groups, and is kept until its end. */
const MIN_GROUP_BYTES = 64 * 1024;

/** Carries what is wrong to whoever asks for it. */
class Mismatch extends Error {
  readonly fault: FormatFault;

  constructor(fault: FormatFault) {
    super(fault.text);
    this.fault = fault;
  }
}

/** Finds what does not go together; `isAppended`: files are to grow by appends. */
export function formatFaults(settings: FormatSettings, isAppended: boolean): readonly FormatFault[] {
  try {
    chooseFormat(settings, isAppended);
    return [];
  } catch (cause) {
    if (cause instanceof Mismatch) return [cause.fault];
    throw cause;
  }
}

/**
 * Makes the format of the files.
 * @throws {ConfigError} when the schema in `schemaFile` cannot be used.
 */
export async function makeFormat(
  settings: FormatSettings,
  isAppended: boolean,
  context: Context,
): Promise<FileFormat> {
  return await chooseFormat(settings, isAppended)(context);
}

function chooseFormat(settings: FormatSettings, isAppended: boolean): MakeFormat {
  const codec = codecOf(settings);
  checkSchema(settings);
  switch (settings["hdfs.fileType"]) {
    case "DataStream":
      if (codec) {
        throw refusedCodec(settings, "DataStream is not compressed", "use CompressedStream, or leave it out");
      }
      return async (context) => plainStream(await context.codec(settings.serializer));
    case "CompressedStream":
      if (!codec) throw refusedCodec(settings, "CompressedStream needs a codec", 'write one, such as "gzip"');
      return async (context) => compressedStream(await context.codec(settings.serializer), codec);
    case "Avro":
      return avroMaker(settings, codec, isAppended);
    case "Parquet":
      return parquetMaker(settings, codec, isAppended);
    default:
      return ({ clock }) => {
        const value = /Text/i.test(settings["hdfs.writeFormat"]) ? "Text" : "BytesWritable";
        const compress = settings["hdfs.compressBy"] === "value" ? "each" : "block";
        return sequenceFormat({ value, codec, compress, clock, isAppended });
      };
  }
}

function avroMaker(
  settings: FormatSettings,
  codec: HadoopCodec | undefined,
  isAppended: boolean,
): MakeFormat {
  const name = codec ? AVRO_NAMES[simpleName(codec)] : "null";
  if (!name) throw refusedCodec(settings, "Avro has no such codec", "use deflate, snappy, zstd or None");
  if (settings["hdfs.codecLevel"] !== undefined) {
    throw new Mismatch({ key: "hdfs.codecLevel", text: "The effort is fixed for Avro", fix: "leave it out" });
  }
  return async () => {
    const schema = await schemaOf(settings);
    return avroFormat({ schema, from: settings.rowsFrom, codec: name, isAppended });
  };
}

function parquetMaker(
  settings: FormatSettings,
  codec: HadoopCodec | undefined,
  isAppended: boolean,
): MakeFormat {
  const isNamed = settings["hdfs.codeC"] !== "";
  const name = codec ? PARQUET_NAMES[simpleName(codec)] : isNamed ? "UNCOMPRESSED" : "SNAPPY";
  if (!name) throw refusedCodec(settings, "Parquet has no such codec", "use snappy, gzip, zstd or None");
  if (isAppended) {
    const text = "A Parquet file is whole only with its end, so it cannot grow by appends";
    throw new Mismatch({ key: "hdfs.fileType", text, fix: "leave durable out, or use another file type" });
  }
  if (settings.rowGroupSize < MIN_GROUP_BYTES) {
    const text = `Row groups of ${settings.rowGroupSize} bytes would be more description than rows`;
    throw new Mismatch({ key: "rowGroupSize", text, fix: "use 64KiB at least" });
  }
  if (settings.schema) checkParquet(settings.schema);
  return async () => {
    const schema = await schemaOf(settings, checkParquet);
    const { rowsFrom: from, rowGroupRows: groupRows, rowGroupSize: groupBytes } = settings;
    return parquetFormat({
      schema,
      from,
      groupRows,
      groupBytes,
      codec: name,
      level: settings["hdfs.codecLevel"],
    });
  };
}

function codecOf(settings: FormatSettings): HadoopCodec | undefined {
  const { "hdfs.codeC": name, "hdfs.codecLevel": level } = settings;
  if (name === "" && level !== undefined) {
    throw new Mismatch({
      key: "hdfs.codecLevel",
      text: "There is no codec for it",
      fix: "write hdfs.codeC, too",
    });
  }
  if (name === "") return undefined;
  try {
    findHadoopCodec(name);
  } catch (cause) {
    throw mismatchOf("hdfs.codeC", cause);
  }
  try {
    return findHadoopCodec(name, level);
  } catch (cause) {
    throw mismatchOf("hdfs.codecLevel", cause);
  }
}

/** `what: how to mend it`. */
function mismatchOf(key: keyof FormatSettings, cause: unknown): Mismatch {
  const [text = "", fix] = errorText(cause).split(/: (.*)/s);
  return new Mismatch({ key, text, ...fix !== undefined && { fix } });
}

function refusedCodec({ "hdfs.codeC": name }: FormatSettings, text: string, fix: string): Mismatch {
  return new Mismatch({ key: "hdfs.codeC", text: name === "" ? text : `${text}: "${name}"`, fix });
}

function checkSchema(settings: FormatSettings): void {
  const { schema, schemaFile, "hdfs.fileType": fileType } = settings;
  const count = [schema, schemaFile].filter((one) => one !== undefined).length;
  const isWanted = fileType === "Avro" || fileType === "Parquet";
  if (isWanted && count === 0) {
    throw new Mismatch({
      key: "schema",
      text: `${fileType} needs to know the rows`,
      fix: "write schema or schemaFile",
    });
  }
  if (count === 2) {
    throw new Mismatch({
      key: "schemaFile",
      text: "There is a schema already",
      fix: "leave one of the two out",
    });
  }
  if (isWanted || count === 0) return;
  const key = schema === undefined ? "schemaFile" : "schema";
  const fix = "leave it out, or set hdfs.fileType to Avro or Parquet";
  throw new Mismatch({ key, text: `It means nothing to hdfs.fileType ${fileType}`, fix });
}

function checkParquet({ fields }: RowSchema): void {
  try {
    parquetSchema(fields);
  } catch (cause) {
    throw new Mismatch({ key: "schema", text: errorText(cause), fix: "use Avro, or another type" });
  }
}

/** @throws {ConfigError} when the file is not there, or its schema fails the check. */
async function schemaOf(
  { schema, schemaFile }: FormatSettings,
  check?: (schema: RowSchema) => void,
): Promise<RowSchema> {
  if (schema) return schema;
  try {
    const read = parseRowSchema(await Deno.readTextFile(schemaFile!));
    check?.(read);
    return read;
  } catch (cause) {
    throw new ConfigError(`Cannot use the schema in "${schemaFile}"`, { cause });
  }
}

function simpleName({ className }: HadoopCodec): string {
  return className.slice(className.lastIndexOf(".") + 1);
}
