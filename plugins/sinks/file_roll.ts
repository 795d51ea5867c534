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
import { LocalShelf } from "./_rolling/local_shelf.ts";
import { Place } from "./_rolling/place.ts";
import { startManifest } from "./_rolling/recovery.ts";
import { RollingFiles, type RollingSettings } from "./_rolling/rolling_files.ts";

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
  "sink.inUsePrefix": text({ alias: ["inUsePrefix"] }).default("")
    .describe("Put in front of a file's name while it is written."),
  "sink.inUseSuffix": text({ alias: ["inUseSuffix"] }).default(".tmp").describe(
    "Put behind a file's name while it is written. Without prefix and suffix files have their names from the start, as Flume's have.",
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
  `A file is written under a name of its own, \`<name>.tmp\`, and gets its final name once it is complete and on disk. Files are only \
added to, by whole batches, so a reader never sees a part of an event unless it reads within a write. Events count as delivered when they are \
forced to disk: many batches share one sync, and an idle sink syncs at once.

**Delivery is exactly once** where this is the only sink of its channel, behind a \`file\` channel or a source that can replay (\`taildir\`, \`spooldir\`) and has no other channel, for \`sync: always\` and \
\`interval\`, also when the program is killed or the power fails. After each sync a manifest in the pipeline's state folder, below \
\`file_roll/<sink>\`, says how long the files are and which position that makes. A start cuts off what files hold beyond, gives them their names, \
and has the stage before it go on at that position; writing goes on in new files. Elsewhere delivery is at least once. \
So it is for a batch that a \`memory\` channel cuts to its \`transactionCapacity\`: its first pieces may come again after a crash. With \
\`never\` events count as delivered when the operating system has them, as in Flume: a start only gives files their names, and a file may \
end with a part of an event.

A write that fails (disk full) is taken out of the file again and repeated. After a failed sync the sink shows why at once, and starts anew with the next event, which cuts its files back to \
what is delivered. A file that was cut has no end mark, where a format knows one; lines and Avro containers need none. A file that \
somebody removed or shortened is reported and forgotten. When \`directory\` is changed, the files in the old one are finished first. The \
manifest serves one process at a time. If it is damaged, files are not cut, and what it cannot tell any more may come again.

Unlike Flume a file is opened for its first event, so an idle sink leaves no empty files, and the interval begins with that event. Names \
that are taken are passed over; a file is never written over. The folder is made when it is not there. For final names from the start, as Flume gives \
them, set \`inUseSuffix: ""\`; a power failure (not a kill) may then leave a file whose events come again in another.`;

type Settings = Config<typeof config>;

export default defineSink({
  name: "file_roll",
  aliases: ["org.apache.flume.sink.RollingFileSink"],
  summary: "Writes events to local files that roll by time, size or count.",
  about: ABOUT,
  config,
  keepsState: true,
  check: faults,
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
    const nextName = names(naming, context.clock);
    const codec = await context.codec(settings["sink.serializer"]);
    const template = new BucketTemplate(settings["sink.bucket"]);
    const place = placeOf(settings);
    const { stateDir, name, log } = context;
    const keepsPosition = settings["sink.sync"] !== "never";
    return new RollingFiles(rollingSettings(settings), {
      context,
      shelf: new LocalShelf(place),
      start: () => startManifest({ folder: `${stateDir}/file_roll/${name}`, place, keepsPosition, log }),
      split: (batch) => template.split(batch),
      newFile: (bucket) => ({
        encoder: codec.encoder!(),
        nextPath: () => bucket === "" ? nextName() : `${bucket}/${nextName()}`,
      }),
    });
  },
});

function placeOf(settings: Settings): Place {
  return Place.make({
    directory: settings["sink.directory"],
    inUsePrefix: settings["sink.inUsePrefix"],
    inUseSuffix: settings["sink.inUseSuffix"],
  });
}

function rollingSettings(settings: Settings): RollingSettings {
  return {
    rollIntervalMs: settings["sink.rollInterval"] * 1000,
    rollBytes: settings["sink.rollSize"],
    rollEvents: settings["sink.rollCount"],
    idleMs: 0,
    isExact: false,
    maxOpenFiles: settings["sink.maxOpenFiles"],
    sync: settings["sink.sync"],
    syncIntervalMs: settings["sink.syncInterval"],
  };
}

function faults(settings: Settings) {
  const found = ["sink.inUsePrefix", "sink.inUseSuffix"] as const;
  return [
    ...bucketFault(settings["sink.bucket"]),
    ...found.filter((key) => /[\/\\]/.test(settings[key])).map((key) => ({
      key,
      text: `"${settings[key]}" would lead into another folder`,
      fix: "leave slashes out",
    })),
  ];
}

function bucketFault(template: string) {
  try {
    new BucketTemplate(template);
    return [];
  } catch (cause) {
    return [{ key: "sink.bucket", text: errorText(cause), fix: 'write a path such as "%{host}/%{status}"' }];
  }
}
