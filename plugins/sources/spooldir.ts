import {
  bool,
  choice,
  codec,
  type Column,
  type Config,
  type Context,
  type Decoder,
  defineSource,
  duration,
  type Emit,
  int,
  path,
  Pattern,
  regex,
  text,
} from "sluice/plugin";
import { charsetDecoder, knowsCharset } from "./_files/charset.ts";
import { Outbox } from "./_files/outbox.ts";
import { type SpoolFile, SpoolFolder } from "./_spooldir/spool_folder.ts";
import { SpoolMarker } from "./_spooldir/spool_marker.ts";
import { SpoolReader } from "./_spooldir/spool_reader.ts";
import { Spooler } from "./_spooldir/spooler.ts";

const config = {
  spoolDir: path({ access: "read-write" }).describe("Folder that files are dropped in."),
  fileSuffix: text().default(".COMPLETED").describe("Suffix given to finished files."),
  asideSuffix: text().default(".ASIDE")
    .describe("Suffix given to files that broke the rules or cannot be decoded."),
  deletePolicy: choice(["never", "immediate"]).default("never").describe(
    "Whether finished files are removed.",
  ),
  fileHeader: bool().default(false).describe("Add the absolute path as a header."),
  fileHeaderKey: text().default("file").describe("Name of that header."),
  basenameHeader: bool().default(false).describe("Add the file's own name as a header."),
  basenameHeaderKey: text().default("basename").describe("Name of that header."),
  includePattern: regex().default(new Pattern("^.*$")).describe("Names of files to take, as a whole."),
  ignorePattern: regex().default(new Pattern("^$")).describe(
    "Names of files to leave; wins over includePattern.",
  ),
  trackerDir: path({ access: "read-write" }).default(".flumespool")
    .describe("Where `trackingPolicy: tracker_dir` keeps its marks, relative to spoolDir unless absolute."),
  trackingPolicy: choice(["rename", "tracker_dir"]).default("rename")
    .describe("Mark a finished file by its name, or by an empty file in trackerDir."),
  consumeOrder: choice(["oldest", "youngest", "random"]).default("oldest")
    .describe("Order of files, by the time of their last change; ties by name."),
  pollDelay: duration("ms").default(500)
    .describe("Wait between two looks into the folder; notices of the system shorten it."),
  quietTime: duration("ms").default(100)
    .describe("Leave a file alone until it has not changed for so long; 0 takes it at once."),
  recursiveDirectorySearch: bool().default(false).describe("Look into sub-folders too, except hidden ones."),
  maxBackoff: duration("ms", { ignored: "A full channel makes the source wait, without a backoff." }).default(
    4000,
  )
    .describe("Longest wait of Flume while the channel is full."),
  batchSize: int({ min: 1 }, { unit: "events" }).optional()
    .describe("Events in a batch at most; without it, as many as one read brings."),
  inputCharset: text().default("UTF-8").describe("Charset of text lines."),
  decodeErrorPolicy: choice(["FAIL", "REPLACE", "IGNORE"]).default("FAIL")
    .describe(
      "Lines that are not text in that charset: set the file aside, put U+FFFD, or leave the bytes out.",
    ),
  deserializer: codec("decoder", { fallback: "line", alias: ["decoder"] }).describe(
    "How files become events.",
  ),
  bufferMaxLines: int({}, { ignored: "Flume ignores it as well." }).optional().describe(
    "Lines in Flume's old buffer.",
  ),
  bufferMaxLineLength: int({}, { instead: "deserializer.maxLineLength" }).optional()
    .describe("Old name of deserializer.maxLineLength."),
};

export default defineSource({
  name: "spooldir",
  aliases: ["org.apache.flume.source.SpoolDirectorySource"],
  summary: "Reads finished files that are dropped in a folder, then marks or removes them.",
  about:
    `Files must be complete when they appear: write them elsewhere or under a hidden name, then rename them. A file is
marked when its last event is safe. How far each file was read is kept by the pipeline together with what is delivered:
exactly once into sinks that keep positions, at least once into others.

Where Flume stops for good, the file is reported (log, GenericProcessingFail) and set aside under \`asideSuffix\`, and the others go on:

- It changed while it was read or after: what was read is delivered, the rest is in the file that was set aside.
- Its name was used before: its events are delivered.
- It cannot be decoded: the events before the bad bytes are delivered, the log names the offset.

An empty file is one event with an empty body. The charset of lines is checked and converted; other formats know their
own. Bytes that are UTF-8 already are passed through without being touched.

Unlike Flume: \`batchSize\` has no default, because batches of 100 lines are slow and nothing is won by them.`,
  replayable: true,
  config,
  check: (settings) => [
    ...(knowsCharset(settings.inputCharset) ? [] : [{
      key: "inputCharset",
      text: `Charset "${settings.inputCharset}" is not known`,
      fix: "write a label such as utf-8, windows-1252, gbk or utf-16le",
    }]),
    ...(["fileSuffix", "asideSuffix"] as const).filter((key) => !/^[^/]+$/.test(settings[key])).map((
      key,
    ) => ({
      key,
      text: `${key} "${settings[key]}" is empty or holds a slash`,
    })),
    ...(settings.deletePolicy === "immediate" && settings.trackingPolicy === "tracker_dir"
      ? [{
        key: "trackingPolicy",
        text: "Files that are deleted cannot be tracked",
        fix: "write deletePolicy: never",
      }]
      : []),
  ],
  examples: [{
    title: "Read what is dropped in a folder",
    yaml: `source: { type: spooldir, spoolDir: in, basenameHeader: true, ignorePattern: '.*\\.tmp' }
sink: { type: file_roll, directory: out }`,
  }],
  adopt: async (settings) => {
    const { adoptTracker } = await import("./_spooldir/adopt.ts");
    return adoptTracker(new SpoolFolder(settings), settings.deserializer.plugin.name);
  },
  async create(settings, context) {
    const newDecoder = await decoderMaker(settings, context);
    return { run: (emit) => spool({ settings, newDecoder }, context, emit) };
  },
});

type Settings = Config<typeof config>;

async function spool(
  { settings, newDecoder }: { readonly settings: Settings; readonly newDecoder: () => Decoder },
  context: Context,
  emit: Emit,
): Promise<void> {
  const outbox = new Outbox(emit, context.signal);
  const folder = new SpoolFolder(settings);
  const spooler = new Spooler({
    context,
    outbox,
    folder,
    marker: new SpoolMarker(folder, settings, context),
    pollDelayMs: settings.pollDelay,
    quietMs: settings.quietTime,
    listsOften: settings.consumeOrder === "youngest",
  });
  const reader = new SpoolReader({
    batchSize: settings.batchSize,
    outbox,
    newDecoder,
    headersOf: (file) => headersOf(file, settings),
    takeForgotten: () => spooler.takeForgotten(),
    onSent: (file, mark, isSafe) => spooler.track(file, mark, isSafe),
  });
  await spooler.run(reader);
}

function headersOf(file: SpoolFile, settings: Settings): ReadonlyMap<string, Column> {
  const headers = new Map<string, Column>();
  if (settings.fileHeader) headers.set(settings.fileHeaderKey, file.path);
  if (settings.basenameHeader) headers.set(settings.basenameHeaderKey, file.basename);
  return headers;
}

async function decoderMaker(
  { deserializer: choice, inputCharset, decodeErrorPolicy }: Settings,
  context: Context,
): Promise<() => Decoder> {
  const made = await context.codec(choice);
  const { decoder } = made;
  if (!decoder) {
    throw new TypeError(`Codec "${choice.plugin.name}" cannot decode: choose another deserializer`);
  }
  if (choice.plugin.name !== "line") return () => decoder.call(made);
  return () => charsetDecoder(decoder.call(made), inputCharset, decodeErrorPolicy);
}
