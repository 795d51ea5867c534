import {
  bytes,
  choice,
  codec,
  type Config,
  defineSink,
  duration,
  errorText,
  int,
  path,
  text,
} from "sluice/plugin";
import { BucketTemplate } from "./_file_roll/bucket.ts";
import { rollTimeNames, startTimeNames } from "./_file_roll/names.ts";
import { RollingFiles } from "./_file_roll/rolling_files.ts";

const PATH_MANAGERS = [
  "DEFAULT",
  "ROLLTIME",
  "org.apache.flume.formatter.output.DefaultPathManager",
  "org.apache.flume.formatter.output.DefaultPathManager$Builder",
  "org.apache.flume.formatter.output.RollTimePathManager",
  "org.apache.flume.formatter.output.RollTimePathManager$Builder",
] as const;

const config = {
  "sink.directory": path({ access: "read-write", alias: ["directory"] })
    .describe("Folder to write to; made when it is not there."),
  "sink.pathManager": choice(PATH_MANAGERS, { type: "DEFAULT \\| ROLLTIME", alias: ["pathManager"] }).default(
    "DEFAULT",
  )
    .describe(
      "How files are called: `<prefix><start in ms>-<n>`, or `<prefix><yyyyMMddHHmmss>-<n>` in local time when the file is opened.",
    ),
  "sink.pathManager.prefix": text({ alias: ["prefix"] }).default("").describe("Start of file names."),
  "sink.pathManager.extension": text({ alias: ["extension"] }).default("")
    .describe("End of file names; a dot is put in front."),
  "sink.rollInterval": duration("s", { alias: ["rollInterval"] }).default(30)
    .describe("Age at which a file is closed; 0 means never."),
  "sink.rollSize": bytes({ alias: ["rollSize"] }).default(0)
    .describe("A file is closed after the write that reaches this size; 0 means never."),
  "sink.rollCount": int({ min: 0 }, { unit: "events", alias: ["rollCount"] }).default(0)
    .describe("A file is closed after the write that reaches this number of events; 0 means never."),
  "sink.serializer": codec("encoder", { fallback: "text", alias: ["serializer", "codec"] })
    .describe("How events are written."),
  "sink.batchSize": int({ min: 1 }, {
    unit: "events",
    alias: ["batchSize"],
    ignored: "Batches are written whole, as they come.",
  }).default(100).describe("Events in one take."),
  "sink.bucket": text({ alias: ["bucket"] }).default("").describe(
    "Folder below the directory, with %{header} references, such as `%{host}/%{status}`. A value that is missing or cannot be a folder's name becomes `_unknown`.",
  ),
  "sink.maxOpenFiles": int({ min: 1 }, { unit: "files", alias: ["maxOpenFiles"] }).default(256)
    .describe("Files open at once; one more closes the one that was longest unused."),
  "sink.sync": choice(["always", "interval", "never"], { alias: ["sync"] }).default("interval").describe(
    "When events count as delivered: on disk at once, on disk with few syncs under load, or (as in Flume) with the operating system.",
  ),
  "sink.syncInterval": duration("ms", { alias: ["syncInterval"] }).default(200)
    .describe("With `interval`: shortest time between two syncs that no source waits for."),
};

const ABOUT =
  `Files are only added to, by whole batches, so a reader never sees a part of an event unless it reads within a write. \
An event can be read as soon as it is written. It counts as delivered when it is forced to disk: many batches share one sync, and an \
idle sink syncs at once. A write that fails (disk full) is taken out of the file again and repeated; after a failed sync the file is \
cut back to what is known to be on disk, closed, and the events that were not go to a new file.

Unlike Flume a file is opened for its first event, so an idle sink leaves no empty files, and the interval begins with that event. Names \
that are taken are passed over; a file is never written over. The folder is made when it is not there.

Delivery is at least once: events may be written twice when the program is killed between a sync and the note that it succeeded.`;

type Settings = Config<typeof config>;

export default defineSink({
  name: "file_roll",
  aliases: ["org.apache.flume.sink.RollingFileSink"],
  summary: "Writes events to local files that roll by time, size or count.",
  about: ABOUT,
  config,
  check: (settings) => bucketFault(settings["sink.bucket"]),
  examples: [
    {
      title: "One file every five minutes",
      yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
sink: { type: file_roll, directory: out, rollInterval: 5m, prefix: app-, extension: log }`,
    },
    {
      title: "Access log lines, a folder for each status",
      yaml: `source: { type: stdin }
interceptors:
  - { type: regex_extractor, regex: '" (\\d{3}) ', serializers: { s1: { name: status } } }
sink: { type: file_roll, directory: out, bucket: "%{status}" }`,
    },
  ],
  async create(settings, context) {
    const naming = {
      prefix: settings["sink.pathManager.prefix"],
      extension: settings["sink.pathManager.extension"],
    };
    const names = /roll/i.test(settings["sink.pathManager"]) ? rollTimeNames : startTimeNames;
    return new RollingFiles(rollSettings(settings), {
      codec: await context.codec(settings["sink.serializer"]),
      nextName: names(naming, context.clock),
      context,
    });
  },
});

function rollSettings(settings: Settings): ConstructorParameters<typeof RollingFiles>[0] {
  return {
    directory: settings["sink.directory"],
    bucket: settings["sink.bucket"],
    rollIntervalMs: settings["sink.rollInterval"] * 1000,
    rollBytes: settings["sink.rollSize"],
    rollEvents: settings["sink.rollCount"],
    maxOpenFiles: settings["sink.maxOpenFiles"],
    sync: settings["sink.sync"],
    syncIntervalMs: settings["sink.syncInterval"],
  };
}

function bucketFault(template: string) {
  try {
    new BucketTemplate(template);
    return [];
  } catch (cause) {
    return [{ key: "sink.bucket", text: errorText(cause), fix: 'write a path such as "%{host}/%{status}"' }];
  }
}
