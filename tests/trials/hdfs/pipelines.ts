/** Keeps events on disk. */
export const FILE =
  "{ type: file, dataDirs: FOLDER/journal, maxFileSize: 1MiB, checkpointInterval: 100, minimumRequiredSpace: 1MiB }";
/** Lines of files that are dropped into a folder. */
export const SPOOL =
  "type: spooldir, spoolDir: FOLDER/in, quietTime: 0, pollDelay: 50, deserializer: { type: line, maxLineLength: 1000000 }";
/** Lines of log files that grow and rotate. */
export const TAIL =
  "type: taildir, filegroups: { logs: 'FOLDER/logs/app\\d\\.log(\\.\\d+)?' }, pollInterval: 50";

/** Gives an event a header of the last digit of its origin, so that those of one origin stay in one partition. */
export const KIND =
  "{ type: regex_extractor, regex: '^[a-z]+\\d*?(\\d)[. ]', serializers: { of: { name: kind } } }";
/** A folder for each of them … */
export const BY_KIND = "kind=%{kind}";
/** … or for each second. */
export const BY_TIME = "%Y%m%d/%H%M/%S";

/** The kinds of files under trial. */
export const FORMATS = {
  DataStream: "hdfs.fileType: DataStream",
  "CompressedStream (gzip)": "hdfs.fileType: CompressedStream, hdfs.codeC: gzip",
  "SequenceFile (Text)": "hdfs.fileType: SequenceFile, hdfs.writeFormat: Text",
  "SequenceFile (gzip)": "hdfs.fileType: SequenceFile, hdfs.codeC: gzip",
  Avro:
    "hdfs.fileType: Avro, hdfs.codeC: deflate, rowsFrom: headers, schema: { type: record, name: Line, fields: [{ name: body, type: bytes }] }",
} as const;

/** What an hdfs sink is told. */
export interface HdfsWords {
  /** `HDFS_URI` and a folder, or another target. */
  readonly target: string;
  /** HDFS_WEBHDFS of the server. */
  readonly nameNodes?: string | undefined;
  /** Below the target, with escapes. */
  readonly partition?: string;
  /** More settings, as YAML between braces. */
  readonly more: string;
  /** How files are finished. */
  readonly rolls?: string;
}

const ROLLS = "hdfs.rollInterval: 1, hdfs.rollSize: 4MiB, hdfs.rollCount: 0";

/** An hdfs sink. */
export function hdfsSink({ target, nameNodes, partition, more, rolls = ROLLS }: HdfsWords): string {
  const path = partition === undefined ? target : `${target}/${partition}`;
  const nodes = nameNodes?.split(",").map((at) => `"http://${at}"`).join(", ");
  const where = nodes === undefined ? "" : `, hdfs.nameNodes: [${nodes}], hdfs.user: root`;
  return `{ type: hdfs, hdfs.path: "${path}"${where}, hdfs.useLocalTimeStamp: true, ${rolls}, ${more} }`;
}
