import { type Config, defineChannel, duration, int, text } from "sluice/plugin";
import { checkJournalFields, JOURNAL_FIELDS, journalSettings, startOf } from "./_file/fields.ts";
import { openFileChannel } from "./_file/file_channel.ts";

const config = {
  capacity: int({ min: 1 }, { unit: "events" }).default(1_000_000)
    .describe("Undelivered events that it holds at most."),
  "keep-alive": duration("s").default(3).describe("How long a put waits for room before it is refused."),
  from: text().default("end").describe(
    "Where a channel begins that is new in a journal: `end`, `earliest`, or a time such as `2026-11-21T10:00`. What was delivered to others can be read as far as retention has kept it.",
  ),
  ...JOURNAL_FIELDS,
};

type Settings = Config<typeof config>;

/** A path that Deno does not see beforehand: it would read the module, and its package, at each start. */
const FLUME_PART: string = "./_file/adopt_flume.ts";

const ABOUT =
  `Events are in the journal, forced to disk, before a put is answered; puts that wait share one sync. A crash at any moment loses no
event that was answered, and repeats none on the way in: the position of a source that can replay is stored in the same commit. On the way
out nothing is repeated either for a sink that keeps positions (file_roll); any other sink may get again what it was given in
the last moments before a crash.

File channels with the same \`dataDirs\` (and \`checkpointDir\`) are cursors in one journal: a batch for several of them is
stored once and committed once. They must agree in all settings of the journal. A sink that keeps up is served from memory; one that lags
reads the journal's files, and what waits there takes no memory. Events are given in the order in which they were put. A channel that is
taken out of the pipeline keeps its place, and what it has not delivered stays in the journal.

When the disk is full or fails, puts are refused with the reason, and work again when the disk does. Damaged events are
reported with file and offset, counted in EventDamagedCount, and passed by. A put of more events than the capacity has room for waits
\`keep-alive\`, then it is refused.

Unlike Flume: channels may share folders, also the default ones; \`maxFileSize\` is 128 MiB unless given, and never above 1 GiB; what
a Flume file channel still holds is taken over by \`sluice adopt\`; keys for encryption come from a text file, not from a Java key
store.`;

export default defineChannel({
  name: "file",
  aliases: ["org.apache.flume.channel.file.FileChannel"],
  summary: "A durable queue in a journal on disk: what was put survives a crash.",
  about: ABOUT,
  config,
  keepsState: true,
  needs: () => ({ sys: ["statfs"] }),
  check: (settings) => [
    ...settings.transactionCapacity <= settings.capacity ? [] : [{
      key: "transactionCapacity",
      text:
        `transactionCapacity ${settings.transactionCapacity} is larger than capacity ${settings.capacity}`,
      fix: "make capacity at least as large, or transactionCapacity smaller",
    }],
    ...startOf(settings.from) !== undefined ? [] : [{
      key: "from",
      text: `"${settings.from}" is no place to begin`,
      fix: "write end, earliest, or a time such as 2026-11-21T10:00",
    }],
    ...checkJournalFields(settings),
  ],
  examples: [
    {
      title: "A folder of files, exactly once into files",
      yaml: `source: { type: spooldir, spoolDir: in }
channel: { type: file }
sink: { type: file_roll, directory: out }`,
    },
    {
      title: "Two sinks with a place of their own in one journal, which keeps a week",
      yaml: `source: { type: http, port: 8080, channels: [archive, search] }
channels:
  archive: { type: file, dataDirs: journal, retention: 7d }
  search: { type: file, dataDirs: journal, retention: 7d, from: earliest }
sinks:
  archive: { type: file_roll, directory: out, channel: archive }
  search: { type: http, endpoint: "http://localhost:9200/events", channel: search }`,
    },
  ],
  adopt: async ({ dataDirs }) => (await import(FLUME_PART)).adoptFlumeChannel(dataDirs),
  create: (settings, context) => openFileChannel(channelSettings(settings, context.stateDir), context),
});

function channelSettings(settings: Settings, stateDir: string): Parameters<typeof openFileChannel>[0] {
  return {
    journal: journalSettings(settings, stateDir),
    capacity: settings.capacity,
    transactionCapacity: settings.transactionCapacity,
    keepAliveMs: settings["keep-alive"] * 1000,
    from: startOf(settings.from)!,
    windowBytes: settings.windowBytes,
  };
}
