import { ConfigError, type Context } from "sluice/plugin";
import { Journal, JournalError, type JournalFault } from "../../../journal/mod.ts";
import { differenceOf, journalOptions, type JournalSettings } from "./journal_settings.ts";
import { type ChannelSettings, Member } from "./member.ts";
import { SharedJournal } from "./shared_journal.ts";
import { WaitingPuts } from "./waiting_puts.ts";

interface OpenJournal {
  readonly settings: JournalSettings;
  /** The channels that use it; it closes with the last. */
  readonly names: Set<string>;
  readonly opening: Promise<SharedJournal>;
  readonly waiting: WaitingPuts;
  /** What was left of channels that the pipeline no longer has is looked at once, when the journal has been opened. */
  tidying?: Promise<void>;
  closing?: Promise<void>;
}

/** A channel's hold on a journal. */
export interface JoinedJournal {
  readonly shared: SharedJournal;
  readonly member: Member;
  /** Closes the journal when nobody else uses it. */
  leave(): Promise<void>;
}

/** What a file channel of Flume keeps in its data folders. */
const FLUME_FILE = /\/(?:log-\d+(?:\.meta)?(?:\.tmp)?|in_use\.lock)$/;

/** All journals of this process, by their folders. */
const journals = new Map<string, OpenJournal>();

/**
 * Opens the journal for a channel, or shares it with those that have it open.
 * @throws {ConfigError} when they want it otherwise, or it cannot be opened.
 */
export async function joinJournal(
  settings: ChannelSettings,
  context: Context,
  { hasPositions }: { readonly hasPositions: boolean },
): Promise<JoinedJournal> {
  const open = await findOrOpen(settings.journal, context);
  const leave = () => leaveJournal(open, context.name);
  try {
    const shared = await open.opening;
    const { journal, pool, openings } = shared;
    await (open.tidying ??= forgetStrangers(journal, open.names, context));
    await journal.addChannel(context.name, settings.from);
    const onRoom = () => open.waiting.admit();
    const member = new Member({ journal, pool, openings, settings, context, hasPositions, onRoom });
    return { shared, member, leave };
  } catch (cause) {
    await leave();
    if (!(cause instanceof JournalError)) throw cause;
    throw new ConfigError(`Channel "${context.name}" cannot open its journal; ${cause.fix}`, { cause });
  }
}

async function findOrOpen(settings: JournalSettings, context: Context): Promise<OpenJournal> {
  const key = foldersOf(settings).join("\n");
  for (let known = journals.get(key); known; known = journals.get(key)) {
    if (known.closing) {
      await known.closing;
      continue;
    }
    complainOf(known, settings, context.name);
    known.names.add(context.name);
    return known;
  }
  for (const other of journals.values()) complainOfOverlap(other, settings, context.name);
  const open: OpenJournal = {
    settings,
    names: new Set([context.name]),
    opening: openJournal(settings, context, () => open.waiting),
    waiting: new WaitingPuts(context.clock),
  };
  journals.set(key, open);
  return open;
}

async function openJournal(
  settings: JournalSettings,
  context: Context,
  waiting: () => WaitingPuts,
): Promise<SharedJournal> {
  const opened: { shared?: SharedJournal } = {};
  const onFault = (fault: JournalFault) => opened.shared?.tell(fault);
  const options = await journalOptions(settings, context, onFault);
  const journal = await Journal.open({ ...options, onSync: (ms) => opened.shared?.synced(ms) });
  const ofFlume = journal.faults.filter(({ kind, path }) => kind === "foreign-file" && FLUME_FILE.test(path));
  for (const { text, kind, path, offset } of journal.faults.filter((fault) => !ofFlume.includes(fault))) {
    context.log.warn(`Journal: ${text}`, { kind, path, offset });
  }
  if (ofFlume.length > 0) {
    context.log.info(
      "The logs of a Flume channel lie beside the journal; `sluice adopt` takes over what they hold",
      {
        files: ofFlume.length,
      },
    );
  }
  return opened.shared = new SharedJournal(journal, waiting());
}

/** A channel that nobody drains keeps its segments: without events it is forgotten, with events somebody must decide. */
async function forgetStrangers(
  journal: Journal,
  names: ReadonlySet<string>,
  { log }: Context,
): Promise<void> {
  for (const [channel, { size }] of Object.entries(journal.state.channels)) {
    if (names.has(channel)) continue;
    if (size === 0) await journal.removeChannel(channel).catch(() => {}); // The next start tries again.
    else {
      log.warn(
        `The journal keeps ${size} events of channel "${channel}", which the pipeline does not have; ` +
          "give it that channel and a sink again, or give them up with `sluice journal drop`",
        { channel, events: size },
      );
    }
  }
}

async function leaveJournal(open: OpenJournal, name: string): Promise<void> {
  if (!open.names.delete(name) || open.names.size > 0) return;
  const close = async () => {
    try {
      const shared = await open.opening.catch(() => undefined);
      await shared?.journal.close();
    } finally {
      journals.delete(foldersOf(open.settings).join("\n"));
    }
  };
  open.closing = close();
  await open.closing;
}

function foldersOf({ dataDirs, checkpointDir }: JournalSettings): string[] {
  return [...dataDirs.toSorted(), checkpointDir];
}

function complainOf(open: OpenJournal, settings: JournalSettings, name: string): void {
  const where = `the journal in ${open.settings.dataDirs.join(", ")}`;
  if (open.names.has(name)) {
    throw new ConfigError(
      `Two channels named "${name}" cannot share ${where}: give one another name or dataDirs`,
    );
  }
  const difference = differenceOf(open.settings, settings);
  if (difference === undefined) return;
  const [other] = open.names;
  throw new ConfigError(
    `Channels "${other}" and "${name}" share ${where}, but differ in ${difference}; ` +
      "write the same in both, or give one other dataDirs and checkpointDir",
  );
}

function complainOfOverlap(open: OpenJournal, settings: JournalSettings, name: string): void {
  const taken = new Set([...foldersOf(open.settings), open.settings.backupCheckpointDir]);
  const common = [...foldersOf(settings), settings.backupCheckpointDir]
    .find((folder) => folder !== undefined && taken.has(folder));
  if (common === undefined) return;
  const [other] = open.names;
  throw new ConfigError(
    `Channels "${other}" and "${name}" both use ${common}, but not the same journal; ` +
      "write the same dataDirs and checkpointDir in both, or folders that have nothing in common",
  );
}
