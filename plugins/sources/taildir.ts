import { basename, resolve } from "node:path";
import {
  bool,
  bytes,
  type Column,
  type Config,
  type Context,
  defineSource,
  duration,
  type Emit,
  errorText,
  int,
  list,
  map,
  path,
  Pattern,
  text,
} from "sluice/plugin";
import { withHome } from "./_files/home.ts";
import { Outbox } from "./_files/outbox.ts";
import { FileGroup } from "./_taildir/file_group.ts";
import { FollowedFiles } from "./_taildir/followed_files.ts";
import { LineReader } from "./_taildir/line_reader.ts";
import type { TailFile } from "./_taildir/tail_file.ts";
import { Tailer } from "./_taildir/tailer.ts";

const config = {
  paths: list({ access: "read", alias: ["path"], separator: /\n+/ }).default([])
    .describe("Files to follow: a folder, and behind the last slash a regular expression for names."),
  filegroups: map(path({ access: "read" }), { named: true }).default({})
    .describe("The same by group, for files that get headers of their own."),
  headers: map(map(text())).default({}).describe("Headers for the files of a group: group, header, value."),
  positionFile: path({ access: "read" }).optional()
    .describe("Flume's position file, read at the first start to go on where Flume was; never written."),
  byteOffsetHeader: bool().default(false).describe("Add the offset of each line as header `byteoffset`."),
  skipToEnd: bool().default(false).describe(
    "At the first start, begin at the end of files that are already there.",
  ),
  idleTimeout: duration("ms").default(120_000)
    .describe(
      "Close a file that has not changed for so long; an unfinished last line becomes an event then.",
    ),
  writePosInterval: duration("ms", {
    ignored: "Positions are kept by the pipeline together with what is delivered.",
  })
    .default(3000).describe("How often Flume saves positions."),
  batchSize: int({ min: 1 }, { unit: "events" }).optional()
    .describe("Lines in a batch at most; without it, as many as one read brings."),
  maxBatchCount: int({ min: 1 }, { unit: "batches" }).default(Number.MAX_SAFE_INTEGER)
    .describe("Reads from one file before others get a turn."),
  cachePatternMatching: bool().default(true)
    .describe("List a folder only when its modification time has changed."),
  fileHeader: bool().default(false).describe("Add the path of the file as a header."),
  fileHeaderKey: text().default("file").describe("Name of that header."),
  maxLineBytes: bytes().default(1024 * 1024).describe("Longer lines are cut, and go on in the next event."),
  pollInterval: duration("ms").default(200)
    .describe("Wait between two looks at the files; notices of the system shorten it."),
  backoffSleepIncrement: duration("ms", { ignored: "Files are looked at every pollInterval." }).default(1000)
    .describe("What Flume adds to its wait after each look in vain."),
  maxBackoffSleep: duration("ms", { ignored: "Files are looked at every pollInterval." }).default(5000)
    .describe("Longest such wait."),
};

export default defineSource({
  name: "taildir",
  aliases: ["org.apache.flume.source.taildir.TaildirSource"],
  summary: "Follows growing text files, also through rotation; each line is an event.",
  about:
    `Files are known by device and inode and by how they begin, so a renamed file is read to its end, and one that was
truncated, rewritten or got the inode of another is read from its start. A file that was renamed to a name that does not
match is read to its end as well, also when that happened while Sluice did not run, as long as it stays in its folder.
Positions are kept by the pipeline together with what is delivered: exactly once into sinks that keep positions, at
least once into others; no position file is written.

Lines that are written between the last look and a truncation are lost to everyone who reads the file; where that matters,
rotate by renaming. A file that is made and renamed to a name outside the pattern between two looks is never seen. With rotation by copy, keep the names of the copies outside the pattern, or they are read again.

A line is an event once its newline is there; a carriage return before it is cut. An unfinished last line becomes an
event when the file has been idle for idleTimeout; what is added later is an event of its own, as in Flume. A file that
vanishes or may not be read is reported once and tried again; the others go on.

Unlike Flume: \`batchSize\` has no default, because batches of 100 lines are slow and nothing is won by them; lines are
found within milliseconds, not seconds; long lines are cut at \`maxLineBytes\`; there is no default \`positionFile\`.`,
  replayable: true,
  config,
  check: ({ paths, filegroups, headers, maxLineBytes }) => [
    ...(paths.length + Object.keys(filegroups).length > 0 ? [] : [{
      key: "paths",
      text: "No files are named",
      fix: "add `paths: /var/log/app/.*\\.log`, or `filegroups`",
    }]),
    ...[...paths, ...Object.values(filegroups)].flatMap(complainOf),
    ...Object.keys(headers).filter((group) => !(group in filegroups)).map((group) => ({
      key: "headers",
      text: `There is no file group "${group}"`,
      fix: `name one of: ${Object.keys(filegroups).join(", ") || "(none)"}`,
    })),
    ...(maxLineBytes > 0 ? [] : [{ key: "maxLineBytes", text: "maxLineBytes must be at least 1" }]),
  ],
  examples: [{
    title: "Follow the log files of an application",
    yaml: `source: { type: taildir, paths: '/var/log/app/.*\\.log', fileHeader: true }
sink: { type: logger }`,
  }, {
    title: "Two groups with a header each",
    yaml: `source:
  type: taildir
  filegroups: { web: '/var/log/nginx/access\\.log', app: '/var/log/app/.*\\.log' }
  headers: { web: { kind: access }, app: { kind: application } }
sink: { type: logger }`,
  }],
  adopt: async (settings) => {
    const { adoptPositions, DEFAULT_POSITION_FILE, SILENT } = await import("./_taildir/adopt.ts");
    const groups = groupsOf(settings, { log: SILENT });
    return adoptPositions(withHome(settings.positionFile ?? DEFAULT_POSITION_FILE), groups);
  },
  create: (settings, context) => ({ run: (emit) => follow(settings, context, emit) }),
});

type Settings = Config<typeof config>;

async function follow(settings: Settings, context: Context, emit: Emit): Promise<void> {
  const outbox = new Outbox(emit, context.signal);
  const groups = groupsOf(settings, context);
  const files = new FollowedFiles(groups, settings.cachePatternMatching, context);
  const { maxLineBytes, batchSize, byteOffsetHeader, maxBatchCount, skipToEnd, positionFile } = settings;
  const reader = new LineReader({
    maxLineBytes,
    batchSize,
    byteOffsetHeader,
    outbox,
    headersOf: headersOf(settings),
    takeForgotten: () => files.book.takeForgotten(),
  });
  const tailer = new Tailer({
    context,
    outbox,
    files,
    reader,
    folders: [...new Set(groups.map(({ folder }) => folder))],
    pollIntervalMs: settings.pollInterval,
    idleTimeoutMs: settings.idleTimeout,
    maxBatchCount,
  });
  files.start({ skipToEnd, positionFile: positionFile && withHome(positionFile) });
  if (skipToEnd || positionFile) tailer.tellStarts();
  await tailer.run();
}

function groupsOf({ paths, filegroups, headers }: Settings, { log }: Pick<Context, "log">): FileGroup[] {
  return [
    ...Object.entries(filegroups).map(([name, path]) => new FileGroup(path, headers[name] ?? {}, log)),
    ...paths.map((path) => new FileGroup(path, {}, log)),
  ];
}

function headersOf({ fileHeader, fileHeaderKey }: Settings): (file: TailFile) => ReadonlyMap<string, Column> {
  const made = new WeakMap<
    TailFile,
    { readonly path: string; readonly headers: ReadonlyMap<string, Column> }
  >();
  return (file) => {
    const known = made.get(file);
    if (known?.path === file.path) return known.headers;
    const headers = new Map<string, Column>(Object.entries(file.group.headers));
    if (fileHeader) headers.set(fileHeaderKey, resolve(file.path));
    made.set(file, { path: file.path, headers });
    return headers;
  };
}

function complainOf(path: string) {
  const fix = "write a folder, a slash, and a regular expression for names, such as /var/log/app/.*\\.log";
  if (path.endsWith("/")) return [{ key: "paths", text: `"${path}" names a folder only`, fix }];
  try {
    new Pattern(basename(path));
    return [];
  } catch (cause) {
    return [{
      key: "paths",
      text: `"${path}" does not end in a regular expression: ${errorText(cause)}`,
      fix,
    }];
  }
}
