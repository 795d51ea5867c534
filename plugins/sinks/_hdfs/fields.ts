import { bool, bytes, choice, type Config, duration, int, list, path, secret, text } from "sluice/plugin";
import { FORMAT_FIELDS } from "./formats/format_fields.ts";
import { s3Fields } from "./stores/s3_settings.ts";

const UNREAD = "set it at the server";

/** Flume's properties of where files go, how they are called and when they are closed. */
const FLUME_FIELDS = {
  "hdfs.path": text({ alias: ["path"] }).describe(
    "Folder, with escapes such as `%Y%m%d`, `%{host}` and `%[localhost]`: `hdfs://namenode/flume/%Y%m%d/%H`, `webhdfs://…` and `swebhdfs://…` with the web port, `file:///…`, `s3://bucket/…`, or a path alone where `hdfs.nameNodes` is given.",
  ),
  "hdfs.filePrefix": text({ alias: ["filePrefix"] }).default("FlumeData")
    .describe("Start of file names, with escapes; a dot and the counter follow."),
  "hdfs.fileSuffix": text({ alias: ["fileSuffix"] }).default("")
    .describe("End of file names, put there as it is; else the format's own, such as `.gz`."),
  "hdfs.inUsePrefix": text({ alias: ["inUsePrefix"] }).default("")
    .describe("Put in front of a file's name until it is whole, with escapes."),
  "hdfs.inUseSuffix": text({ alias: ["inUseSuffix"] }).default(".tmp")
    .describe("Put behind a file's name until it is whole."),
  "hdfs.emptyInUseSuffix": bool({ alias: ["emptyInUseSuffix"] }).default(false)
    .describe("Put nothing behind it, whatever `hdfs.inUseSuffix` says."),
  "hdfs.rollInterval": duration("s", { alias: ["rollInterval"] }).default(30)
    .describe("Age at which a file is closed; 0 means never."),
  "hdfs.rollSize": bytes({ alias: ["rollSize"] }).default(1024).describe(
    "A file is closed before the event that would follow this many bytes of bodies; 0 means never. Flume's default makes tiny files.",
  ),
  "hdfs.rollCount": int({ min: 0 }, { unit: "events", alias: ["rollCount"] }).default(10)
    .describe(
      "A file is closed when it has this many events; 0 means never. Flume's default makes tiny files.",
    ),
  "hdfs.idleTimeout": duration("s", { alias: ["idleTimeout"] }).default(0)
    .describe("A file is closed when nothing was written to it for so long; 0 means never."),
  "hdfs.batchSize": int({ min: 1 }, {
    unit: "events",
    alias: ["batchSize"],
    ignored: "Batches are written whole, as they come.",
  }).default(100).describe("Events in one take."),
  "hdfs.maxOpenFiles": int({ min: 1 }, { unit: "files", alias: ["maxOpenFiles"] }).default(5000)
    .describe("Files open at once; one more closes the one that was longest unused."),
  "hdfs.threadsPoolSize": int({ min: 1, max: 256 }, { alias: ["threadsPoolSize"] }).default(10)
    .describe("Requests that send bytes at once."),
  "hdfs.closeTries": int({ min: 0 }, { alias: ["closeTries"] }).default(0).describe(
    "Tries to give a file its final name; 0 means without limit. After the last one the next start goes on with it.",
  ),
  "hdfs.retryInterval": duration("s", { alias: ["retryInterval"] }).default(180)
    .describe(
      "Wait between those tries, and where they have no limit the longest one for a target that is away; 0 means there is one.",
    ),
  "hdfs.callTimeout": duration("ms", { alias: ["callTimeout"] }).default(30_000)
    .describe(
      "Limit of each wait for the target: for a connection, an answer, or until bytes have left. 0 means the longest one, a day.",
    ),
  "hdfs.round": bool({ alias: ["round"] }).default(false)
    .describe("Round the time down before it is written into names (not `%t`)."),
  "hdfs.roundValue": int({ min: 1 }, { alias: ["roundValue"] }).default(1)
    .describe("Down to a multiple of so many units: up to 60 seconds or minutes, or 24 hours."),
  "hdfs.roundUnit": choice(["second", "minute", "hour"], { alias: ["roundUnit"] }).default("second")
    .describe("Unit of `hdfs.roundValue`."),
  "hdfs.timeZone": text({ alias: ["timeZone"] }).optional()
    .describe("Zone of times in names, such as `Europe/Berlin`; else the system's."),
  "hdfs.useLocalTimeStamp": bool({ alias: ["useLocalTimeStamp"] }).default(false)
    .describe("Names tell the time at which the sink has the event, not its header `timestamp`."),
  "hdfs.proxyUser": text({ alias: ["proxyUser"] }).optional()
    .describe("On whose behalf files are written, where the server lets `hdfs.user` do so."),
  "hdfs.kerberosPrincipal": text({ alias: ["kerberosPrincipal"] }).optional()
    .describe(
      "Flume's Kerberos user. Accepted only beside a delegation token or a login: Kerberos itself is not spoken.",
    ),
  "hdfs.kerberosKeytab": text({ alias: ["kerberosKeytab"] }).optional()
    .describe("Key tab of that user; never read."),
  "hdfs.minBlockReplicas": int({}, {
    alias: ["minBlockReplicas"],
    ignored: `The DataNodes see to it; ${UNREAD}.`,
  })
    .optional().describe("Copies of a block that must be there."),
  "hdfs.rollTimerPoolSize": int({}, { alias: ["rollTimerPoolSize"], ignored: "Timers need no threads here." })
    .default(1).describe("Threads for timed rolls."),
  "hdfs.useRawLocalFileSystem": bool({
    alias: ["useRawLocalFileSystem"],
    ignored: "Files below file:// never have checksum files here.",
  }).default(false).describe("Leave out checksum files on a local disk."),
  "hdfs.append.support": bool({
    alias: ["append.support"],
    ignored: "A finished file is never opened again; see `durable` for files that grow by appends.",
  }).default(false).describe("Append to a file that has the name already."),
};

/** What Flume has no words for. */
const OWN_FIELDS = {
  "hdfs.nameNodes": list({ alias: ["nameNodes"], net: "connect" }).default([]).describe(
    "Web addresses of the NameNodes, for a pair both, or of HttpFS or Knox in front of them: `http://nn1:9870, http://nn2:9870`. Else that of the host in `hdfs.path`, port 9870.",
  ),
  "hdfs.user": text({ alias: ["user"] }).optional()
    .describe("Who writes; else HADOOP_USER_NAME, else USER. A server without Kerberos believes it."),
  "hdfs.delegationToken": secret({ alias: ["delegationToken"] }).optional()
    .describe(
      'Delegation token, for servers with Kerberos: the word that `hadoop dtutil print FILE` shows as "URL enc token" of a file that `hdfs fetchdt` has made.',
    ),
  "hdfs.login.user": text({ alias: ["login.user"] }).optional()
    .describe("User at an HttpFS or Knox that asks for a password."),
  "hdfs.login.password": secret({ alias: ["login.password"] }).optional().describe("That user's password."),
  "hdfs.caFile": path({ access: "read", alias: ["caFile"] }).optional()
    .describe(
      "Authorities or certificates as PEM that https addresses are trusted by; else the system's count.",
    ),
  "hdfs.replication": int({ min: 1, max: 512 }, { alias: ["replication"] }).optional()
    .describe("Copies of each block; else the server's own setting counts."),
  "hdfs.blockSize": bytes({ alias: ["blockSize"] }).optional()
    .describe("Size of blocks; else the server's own setting counts."),
  "hdfs.permission": text({ alias: ["permission"] }).optional()
    .describe("Rights of new files in octal, such as `640`."),
  headerSlashes: choice(["encode", "folders"]).default("encode").describe(
    "What slashes in the values of headers do in `hdfs.path`: become `%2F` in one folder's name, or make folders as in Flume, never outside of the path.",
  ),
  durable: choice(["stage", "append"]).default("stage").describe(
    "When events count as delivered: on the local disk, from where whole files are sent, or when the target has confirmed them in a file that grows there.",
  ),
  stageSize: bytes().default(10 * 1024 ** 3)
    .describe("Bytes that may wait on the local disk; then the channel waits. 0 means no limit."),
  appendSize: bytes().default(8 * 1024 ** 2)
    .describe("With `append`: bytes that wait before they are sent, for all files together."),
  appendInterval: duration("ms").default(1000).describe("With `append`: how long bytes wait at most."),
};

/** All fields of the sink. */
export const hdfsFields = {
  ...FLUME_FIELDS,
  ...FORMAT_FIELDS,
  ...OWN_FIELDS,
  ...s3Fields,
};

/** The fields' values. */
export type HdfsSettings = Config<typeof hdfsFields>;
