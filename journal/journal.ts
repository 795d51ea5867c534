import { Channels, type Start, type Target } from "./channels.ts";
import { type Checkpoint, writeCheckpoint } from "./checkpoint.ts";
import { Committer } from "./committer.ts";
import { Cursors } from "./cursors.ts";
import { denoDisk } from "./disk.ts";
import { JournalError, type JournalFault } from "./fault.ts";
import type { Appended, NewFrame } from "./group.ts";
import { FrameReader, type JournalReader } from "./reader.ts";
import { type Lock, lockFolders } from "./folders.ts";
import type { JournalOptions } from "./options.ts";
import { recover } from "./recover.ts";
import type { Recovery } from "./recovery.ts";
import { removeDelivered } from "./retention.ts";
import type { ChannelState, JournalState, Note } from "./state.ts";
import { Writer } from "./writer.ts";

const CHECKPOINT_INTERVAL_MS = 30_000;

/**
 * A write-ahead log of opaque bytes, with the cursors of the channels that read it and the positions of the sources that
 * fill it. What an append commits survives a crash, all of it or nothing.
 */
export class Journal {
  /** What was wrong when it was opened. */
  readonly faults: readonly JournalFault[];
  readonly #options: JournalOptions;
  readonly #recovery: Recovery;
  readonly #writer: Writer;
  readonly #cursors: Cursors;
  readonly #committer: Committer;
  readonly #channels: Channels;
  readonly #lock: Lock;
  readonly #reported = new Set<string>();
  #checkpointTimer: ReturnType<typeof setTimeout> | undefined;
  #checkpointing: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(recovery: Recovery, options: JournalOptions, lock: Lock) {
    this.#options = options;
    this.#recovery = recovery;
    this.#lock = lock;
    this.faults = recovery.faults;
    this.#writer = new Writer(recovery, options);
    this.#cursors = new Cursors(this.#writer);
    for (const fault of recovery.faults) this.#cursors.lose(fault);
    const parts = { writer: this.#writer, cursors: this.#cursors, recovery };
    this.#committer = new Committer(parts, options);
    this.#channels = new Channels({ ...parts, committer: this.#committer });
    removeDelivered(recovery, options, this.#cursors.lowestDurable);
  }

  /**
   * Opens the journal in some folders, and makes it when there is none.
   * @throws {JournalError} before anything is touched.
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const lock = await lockFolders(options);
    try {
      const journal = new Journal(await recover(options), options, lock);
      await journal.#checkpointFirst();
      return journal;
    } catch (cause) {
      lock.release();
      if (cause instanceof JournalError) throw cause;
      const path = options.folders[0]!;
      const fix = "see what is wrong with it: sluice journal verify FOLDER";
      throw new JournalError(`Cannot open the journal in "${path}"`, { path, fix, cause });
    }
  }

  /** Made at random with the journal. */
  get id(): string {
    return this.#recovery.journalId;
  }

  /** Cursors, sizes and positions of what is committed; changes with it. */
  get state(): JournalState {
    return this.#writer.state;
  }

  /** Oldest sequence that can still be read. */
  get firstSequence(): number {
    return this.#recovery.segments.first?.firstSequence ?? this.committedSequence;
  }

  /** Next sequence behind all that is committed. */
  get committedSequence(): number {
    return this.#writer.committedSequence;
  }

  get unsyncedBytes(): number {
    return this.#writer.unsyncedBytes;
  }

  /** A channel that is known stays as it is. A new one reads what comes, or all that is kept from a place on. */
  addChannel(name: string, from: Start = "end"): Promise<ChannelState> {
    return this.#channels.add(name, from);
  }

  /** Lets a channel read again from a place, or go on behind one; nothing may be taken from it meanwhile. */
  moveChannel(name: string, to: Target): Promise<ChannelState> {
    return this.#channels.move(name, to);
  }

  removeChannel(name: string): Promise<void> {
    return this.#channels.remove(name);
  }

  /**
   * Adds frames and notes as one group, behind all that was appended before.
   * @throws {JournalError} with nothing changed.
   */
  append(frames: readonly NewFrame[], notes: readonly Note[] = []): Appended {
    if (this.#isClosed) {
      const path = this.#options.folders[0]!;
      throw new JournalError("The journal is closed", { path, fix: "append before it is closed" });
    }
    const appended = this.#writer.append(frames, notes);
    this.#committer.kick();
    this.#planCheckpoint();
    return appended;
  }

  /** Moves a cursor forward behind `events` more delivered ones. @throws {RangeError} when they are not committed. */
  deliver(channel: string, cursor: number, events: number): void {
    this.#cursors.deliver(channel, cursor, events);
    if (this.#isClosed || !this.#cursors.areMoved) return;
    this.#committer.kickLater();
    this.#planCheckpoint();
  }

  /** Reads what is committed for a channel, from a sequence on. */
  reader(channelId: number, from: number): JournalReader {
    const { disk, segments } = this.#recovery;
    const { seal } = this.#options;
    const channel = Object.values(this.state.channels).find(({ id }) => id === channelId);
    if (channel === undefined) throw new RangeError(`The journal has no channel with id ${channelId}`);
    const log = { disk, segments, seal, committed: () => this.committedSequence, report: this.#reportOnce };
    return new FrameReader(log, channel, from);
  }

  /** Of the first event that was put at that time or later. */
  sequenceAt(timeMs: number): Promise<number> {
    return this.#channels.sequenceAt(timeMs);
  }

  /** Notes the state aside, so that the next open need not read the log from further back. */
  checkpoint(): Promise<void> {
    return this.#checkpointing = this.#checkpointing.catch(() => {}).then(() => this.#checkpoint());
  }

  /** Commits what was appended and delivered, and lets go of the folders. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#checkpointTimer);
    await this.checkpoint().catch((cause) => this.#reportCheckpoint(cause));
    await this.#committer.close();
    this.#writer.files.close();
    this.#lock.release();
  }

  /** A journal has a checkpoint from the beginning, so that a missing one can be told. */
  async #checkpointFirst(): Promise<void> {
    const { checkpointFolder, disk = denoDisk } = this.#options;
    const isThere = disk.list(checkpointFolder).includes("checkpoint");
    if (isThere && !this.#recovery.isRewritten) return;
    await this.checkpoint().catch((cause) => this.#reportCheckpoint(cause));
  }

  async #checkpoint(): Promise<void> {
    const { checkpointFolder, backupCheckpointFolder } = this.#options;
    const checkpoint = await this.#committer.sync<Checkpoint>(() => ({
      journalId: this.id,
      ...this.#writer.files.syncedPlace,
      timeMs: this.#writer.timeMs,
      state: structuredClone(this.state),
    }));
    for (const folder of [checkpointFolder, backupCheckpointFolder]) {
      if (folder !== undefined) await writeCheckpoint(this.#recovery.disk, folder, checkpoint);
    }
  }

  /** Something has changed. */
  #planCheckpoint(): void {
    this.#checkpointTimer ??= setTimeout(async () => {
      await this.checkpoint().catch((cause) => this.#reportCheckpoint(cause));
      this.#checkpointTimer = undefined;
      removeDelivered(this.#recovery, this.#options, this.#cursors.lowestDurable);
      // Segments grow old without anything happening.
      const { retention } = this.#options;
      const isOver = this.#isClosed || retention?.ms === undefined || this.#recovery.segments.all.length < 2;
      if (!isOver) this.#planCheckpoint();
    }, this.#options.checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS);
  }

  #reportCheckpoint(cause: unknown): void {
    const text = `The checkpoint could not be written (${cause}); the next open reads more of the log`;
    this.#options.onFault?.({
      kind: "checkpoint-failed",
      path: this.#options.checkpointFolder,
      offset: 0,
      text,
    });
  }

  readonly #reportOnce = (fault: JournalFault): void => {
    const place = `${fault.path}:${fault.offset}`;
    const isKnown = this.faults.some(({ path, offset }) => path === fault.path && offset === fault.offset);
    if (this.#reported.has(place) || isKnown) return;
    this.#reported.add(place);
    this.#cursors.lose(fault);
    this.#options.onFault?.(fault);
  };
}
