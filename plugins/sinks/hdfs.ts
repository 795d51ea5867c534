import { ConfigError, type Context, defineSink, type Sink } from "sluice/plugin";
import { parseRowSchema } from "../../protocols/avro_rows/row_schema.ts";
import { ABOUT_ESCAPES } from "../_escapes/about.ts";
import { ownHost } from "../_escapes/own_host.ts";
import { AppendSink } from "./_hdfs/append/append_sink.ts";
import { Buckets } from "./_hdfs/buckets.ts";
import { cautionsOf, outlookOf } from "./_hdfs/cautions.ts";
import { checkHdfsSink, roundingOf } from "./_hdfs/check.ts";
import { requireDescriptors } from "./_hdfs/descriptor_needs.ts";
import { hdfsFields, type HdfsSettings } from "./_hdfs/fields.ts";
import type { FileFormat } from "./_hdfs/formats/format.ts";
import { makeFormat } from "./_hdfs/formats/make_format.ts";
import { StagedFormats } from "./_hdfs/formats/staged_formats.ts";
import { StageSink } from "./_hdfs/stage/stage_sink.ts";
import { openTarget, parseTarget, targetName } from "./_hdfs/target.ts";
import { targetNeeds } from "./_hdfs/target_needs.ts";
import { workerNeeds } from "./_hdfs/formats/worker_needs.ts";
import type { RollSettings } from "./_rolling/open_file.ts";

const ABOUT =
  `The sink does not hold its channel until a remote file is closed. Events are written to files on the local disk, the **stage**, in the pipeline's \
state folder below \`hdfs/<sink>\`, and count as delivered when they are forced to that disk. There files roll as Flume's do: a file has exactly \`hdfs.rollCount\` events (fewer where a write that filled it failed or was refused in part), is \
closed before the event that would follow \`hdfs.rollSize\` bytes of bodies, at an age, or for want of writes. A file that is complete is sent by one request under its name in use, \
confirmed, noted, and given its final name; of a large file that still grows the beginning is sent ahead. So many partitions need no connections \
of their own, a small channel makes no small files, and a reader never sees a part of a file under a final name. A target that is away \
fills the stage up to \`stageSize\`; then the channel waits. The stage must outlive the process: a state folder in a container's own layer does not.

**Delivery is exactly once** where this is the only sink of its channel, behind a \`file\` channel or a source that can replay (\`taildir\`, \`spooldir\`, \`kafka\`) and has no \
other channel, also when the program is killed, the power fails, or the target restarts at any moment. The position is kept with the stage; what was sent and not yet named is sent again or named by the next start. \
Elsewhere delivery is at least once.

With \`durable: append\` there is no stage: bytes are gathered for \`appendInterval\` or up to \`appendSize\` and appended to the file at the target, and count as delivered when it has confirmed them. \
The manifest beside the position knows how long each file is; a start cuts off what is beyond, which for HDFS takes up to some minutes where a writer was lost, and finishes the files. One append costs \
50 to 100 ms, so this is for few files. Avro and compressed streams get one block or stream per append, as Flume makes one for each batch; Parquet, and targets in S3, cannot grow.

**Targets.** \`hdfs://host/…\`, spoken over WebHDFS: the NameNode's web address is that host at port 9870 (the port in the path is Hadoop's own and not used) unless \`hdfs.nameNodes\` names others: both NameNodes of a pair (the active one is found), HttpFS, or Knox. \
\`webhdfs://host:port/…\`, and with TLS \`swebhdfs://…\`; \`file:///…\`; \`s3://bucket/…\`, by multipart uploads that are completed in the end. Hadoop's configuration files are not read. Kerberos is not spoken: with it, use \
a delegation token, or a front with a user and password.

**Names** are \`<prefix>.<counter>\` and \`hdfs.fileSuffix\` or the format's own end; the counter begins with the milliseconds at which the path's first file was begun, and goes up by one. A name that is taken gets \`-1\` behind its counter; a file is never replaced.

What is different from Flume beside this: batches are written whole; file names are free of half-written files also with \`hdfs.emptyInUseSuffix\` (in the stage they need none); \`hdfs.closeTries\` leaves a file that cannot be named to the next start; \
a failed transaction repeats nothing.

${ABOUT_ESCAPES}`;

export default defineSink({
  name: "hdfs",
  aliases: ["org.apache.flume.sink.hdfs.HDFSEventSink"],
  summary:
    "Writes files to HDFS, a local disk or S3: by path escapes, rolled, compressed, whole or not there.",
  about: ABOUT,
  config: hdfsFields,
  keepsState: true,
  check: checkHdfsSink,
  cautions: cautionsOf,
  outlook: outlookOf,
  needs: (settings) => ({ ...targetNeeds(settings), ...workerNeeds(settings) }),
  examples: [
    {
      title: "Logs into HDFS by day and hour, in files of a block",
      yaml: `source: { type: spooldir, spoolDir: /var/spool/logs }
channel: { type: file }
sink:
  type: hdfs
  hdfs:
    path: hdfs://namenode.example.org/flume/%Y%m%d/%H
    filePrefix: logs
    useLocalTimeStamp: true
    fileType: CompressedStream
    codeC: gzip
    rollInterval: 10m
    rollSize: 128MiB
    rollCount: 0`,
    },
    {
      title: "A folder for each status on the local disk",
      yaml: `source: { type: stdin }
interceptors:
  - { type: regex_extractor, regex: '" (\\d{3}) ', serializers: { s1: { name: status } } }
sink:
  type: hdfs
  hdfs: { path: "file:///tmp/flume/%{status}", fileType: DataStream, rollCount: 0, rollSize: 0 }`,
    },
    {
      title: "Rows of Parquet in a bucket",
      yaml: `source: { type: http, port: 8080 }
channel: { type: file }
sink:
  type: hdfs
  hdfs: { path: "s3://lake/visits/day=%Y-%m-%d", fileType: Parquet, useLocalTimeStamp: true, rollInterval: 1h, rollCount: 0, rollSize: 0 }
  s3: { region: eu-central-1 }
  schema:
    type: record
    name: Visit
    fields:
      - { name: user, type: string }
      - { name: bytes, type: long }`,
    },
  ],
  async create(given, context): Promise<Sink> {
    const [fault] = checkHdfsSink(given);
    if (fault) throw new ConfigError(`${fault.key}: ${fault.text}${fault.fix ? `; ${fault.fix}` : ""}`);
    requireDescriptors(given["hdfs.threadsPoolSize"]);
    const settings = await withSchema(given);
    const format = await makeFormat(settings, settings.durable === "append", context);
    const parts = {
      context,
      format,
      formats: new StagedFormats(settings, format, context),
      buckets: await makeBuckets(settings, format, context),
      store: await openTarget(settings, context),
      target: targetName(settings),
      rolls: rollSettings(settings),
      slots: settings["hdfs.threadsPoolSize"],
      closeTries: settings["hdfs.closeTries"],
      retryMs: settings["hdfs.retryInterval"] * 1000,
    };
    if (settings.durable === "append") {
      const { appendSize: appendBytes, appendInterval: appendMs } = settings;
      return new AppendSink({ ...parts, appendBytes, appendMs });
    }
    return new StageSink({ ...parts, stageBytes: settings.stageSize });
  },
});

/** Read once, for what is staged stays bound to it. */
async function withSchema(settings: HdfsSettings): Promise<HdfsSettings> {
  const { schemaFile } = settings;
  if (schemaFile === undefined) return settings;
  try {
    const schema = parseRowSchema(await Deno.readTextFile(schemaFile));
    return { ...settings, schema, schemaFile: undefined };
  } catch (cause) {
    throw new ConfigError(`Cannot use the schema in "${schemaFile}"`, { cause });
  }
}

async function makeBuckets(settings: HdfsSettings, format: FileFormat, { clock }: Context): Promise<Buckets> {
  const { "hdfs.filePrefix": filePrefix, "hdfs.inUsePrefix": inUsePrefix, "hdfs.fileSuffix": suffix } =
    settings;
  const { path } = parseTarget(settings["hdfs.path"], settings["hdfs.nameNodes"].length > 0);
  return new Buckets({
    path,
    filePrefix,
    inUsePrefix,
    inUseSuffix: inUseSuffixOf(settings),
    // What is staged is sent as whole files, and none must be found by its final name while it is sent.
    isAlwaysApart: settings.durable === "stage",
    end: suffix === "" ? format.extension : suffix,
    timeZone: settings["hdfs.timeZone"],
    round: roundingOf(settings),
    useLocalTimeStamp: settings["hdfs.useLocalTimeStamp"],
    headerSlashes: settings.headerSlashes,
    host: await ownHost([path, filePrefix, inUsePrefix]),
  }, clock);
}

function inUseSuffixOf(settings: HdfsSettings): string {
  return settings["hdfs.emptyInUseSuffix"] ? "" : settings["hdfs.inUseSuffix"];
}

function rollSettings(settings: HdfsSettings): RollSettings {
  return {
    rollIntervalMs: settings["hdfs.rollInterval"] * 1000,
    rollBytes: settings["hdfs.rollSize"],
    rollEvents: settings["hdfs.rollCount"],
    idleMs: settings["hdfs.idleTimeout"] * 1000,
    isExact: true,
    maxOpenFiles: settings["hdfs.maxOpenFiles"],
  };
}
