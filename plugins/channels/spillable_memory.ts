import { bytes, type Config, defineChannel, duration, int } from "sluice/plugin";
import { checkJournalFields, JOURNAL_FIELDS, journalSettings } from "./_file/fields.ts";
import { openSpillable, type SpillableSettings } from "./_spillable/spillable_channel.ts";

const config = {
  memoryCapacity: int({ min: 0 }, { unit: "events" }).default(10_000)
    .describe("Events that it holds in memory at most; 0 means that all go to the disk."),
  overflowCapacity: int({ min: 0 }, { unit: "events" }).default(100_000_000)
    .describe("Events that it holds on the disk at most; 0 means that it is in memory only."),
  overflowTimeout: duration("s").default(3).describe(
    "How long a put waits for room in memory before it goes to the disk, and for room there before it is refused.",
  ),
  overflowDeactivationThreshold: int({ min: 0, max: 100 }, { unit: "percent" }).default(5)
    .describe("Share of the memory that must be free again before puts go there, once the disk is empty."),
  byteCapacity: bytes().default(512 * 1024 * 1024)
    .describe("Bytes of bodies that it holds in memory at most; 0 means no limit."),
  byteCapacityBufferPercentage: int({ min: 0, max: 100 }, { unit: "percent" }).default(20)
    .describe("Share of byteCapacity that is kept free for headers."),
  avgEventSize: bytes({ ignored: "The bytes that events really hold are counted." }).default(500)
    .describe("Flume's estimate of the length of an event."),
  ...JOURNAL_FIELDS,
};

type Settings = Config<typeof config>;

const ABOUT =
  `Events stay in memory while there is room; when a put has waited \`overflowTimeout\` for room in vain, it goes to a journal on the
disk, as all later ones do until everything that is there has been delivered. Order is kept throughout. The journal's settings are those of the
[file](file.md) channel, with which it may share the journal.

A crash loses what is in memory, unless the source can replay it: a source that can (taildir, spooldir) is told that events are
safe when they have left this channel, or when they are on the disk. What is on the disk survives, is counted at the next start, and is
delivered first. After a crash a source that can replay goes on behind its last safe event: as events behind that one may
already be on the disk, and others may have been delivered, those are repeated. So delivery is at least once for such a source; for any other, what
was in memory is lost. Where that is not enough, use the file channel, which is hardly slower.

An orderly stop waits until both memory and disk are empty, within the pipeline's time for a stop; what the disk then still holds is kept.
Unlike Flume, byteCapacity is 512 MiB instead of 80 % of the heap.`;

export default defineChannel({
  name: "spillable_memory",
  aliases: ["SPILLABLEMEMORY", "org.apache.flume.channel.SpillableMemoryChannel"],
  summary: "A queue in memory that goes on in a journal on disk when it is full.",
  about: ABOUT,
  config,
  keepsState: true,
  needs: () => ({ sys: ["statfs"] }),
  check: (settings) => [...checkCapacity(settings), ...checkJournalFields(settings)],
  examples: [{
    title: "Memory for the day, the disk for the hour when the target is away",
    yaml: `source: { type: http, port: 8080 }
channel: { type: spillable_memory, memoryCapacity: 100000, overflowCapacity: 10000000 }
sink: { type: file_roll, directory: out }`,
  }],
  create: (settings, context) => openSpillable(spillableSettings(settings, context.stateDir), context),
});

function checkCapacity({ memoryCapacity, overflowCapacity, transactionCapacity }: Settings) {
  const capacity = Math.max(memoryCapacity, overflowCapacity);
  if (capacity === 0) {
    const text = "memoryCapacity and overflowCapacity are both 0, so there is room for nothing";
    return [{ key: "memoryCapacity", text, fix: "give one of them events" }];
  }
  if (transactionCapacity <= capacity) return [];
  return [{
    key: "transactionCapacity",
    text: `transactionCapacity ${transactionCapacity} is larger than the capacity ${capacity}`,
    fix: "make it smaller, or memoryCapacity or overflowCapacity larger",
  }];
}

function spillableSettings(settings: Settings, stateDir: string): SpillableSettings {
  const { memoryCapacity, overflowCapacity, byteCapacity, byteCapacityBufferPercentage } = settings;
  const timeoutMs = settings.overflowTimeout * 1000;
  return {
    memoryEvents: memoryCapacity,
    memoryBytes: byteCapacity === 0 ? Infinity : byteCapacity * (1 - byteCapacityBufferPercentage / 100),
    freeShare: settings.overflowDeactivationThreshold / 100,
    timeoutMs,
    overflow: {
      journal: journalSettings(settings, stateDir),
      capacity: overflowCapacity,
      transactionCapacity: settings.transactionCapacity,
      keepAliveMs: timeoutMs,
      from: "end",
      windowBytes: settings.windowBytes,
    },
  };
}
