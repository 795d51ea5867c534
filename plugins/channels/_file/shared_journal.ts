import {
  type Channel,
  type ChannelLog,
  errorText,
  type EventBatch,
  type Lease,
  type LogPart,
  type Position,
  type PutReceipt,
  type SourceNote,
} from "sluice/plugin";
import {
  type Appended,
  FRAME_HEAD_BYTES,
  type Journal,
  type JournalFault,
  type Note,
} from "../../../journal/mod.ts";
import { encodeFrame } from "../../../protocols/event_frame.ts";
import { FramePool } from "./frame_pool.ts";
import { FreshFrame } from "./kept_frames.ts";
import type { Member } from "./member.ts";
import { Openings } from "./openings.ts";
import { SyncGate } from "./sync_gate.ts";
import type { WaitingPuts } from "./waiting_puts.ts";

/** How often the cursors of channels that hold nothing are moved up. */
const PASS_IDLE_MS = 1000;
/** How long a put waits for takers that almost keep up. */
const FLOW_WAIT_MS = 100;

const DAMAGE: ReadonlySet<JournalFault["kind"]> = new Set([
  "damaged-head",
  "damaged-body",
  "missing-segment",
]);

/** Flume's counters for faults. */
const COUNTERS: Readonly<Partial<Record<JournalFault["kind"], string>>> = {
  "sync-failed": "EventPutErrorCount",
  "checkpoint-failed": "CheckpointWriteErrorCount",
};

interface Entry {
  readonly batch: EventBatch;
  readonly members: Member[];
}

/** A batch as it was written; the batch itself is let go of at once, or it would grow old and cost memory. */
interface Written {
  readonly members: readonly Member[];
  readonly frame: FreshFrame;
  readonly bytes: Uint8Array;
}

/** An append that is not committed. */
interface Pending {
  readonly sequence: number;
  readonly written: readonly Written[];
}

/** One journal and the channels on it: what is put into several of them at once is stored once and committed together. */
export class SharedJournal implements ChannelLog {
  readonly journal: Journal;
  readonly pool = new FramePool();
  readonly openings: Openings;
  readonly #waiting: WaitingPuts;
  readonly #members = new Map<Channel, Member>();
  readonly #gate: SyncGate;
  readonly #pending = new Set<Pending>();
  #passedMs = performance.now();
  /** Sequence that the next append gets, unless some before it are rolled back. */
  #next: number;

  constructor(journal: Journal, waiting: WaitingPuts) {
    this.journal = journal;
    this.#next = journal.committedSequence;
    this.openings = new Openings(journal);
    this.#waiting = waiting;
    this.#gate = new SyncGate(journal);
  }

  get id(): string {
    return this.journal.id;
  }

  position(source: string): Position | undefined {
    const { positions } = this.journal.state;
    return Object.hasOwn(positions, source) ? { ...positions[source] } : undefined;
  }

  add(channel: Channel, member: Member): void {
    this.#members.set(channel, member);
  }

  async remove(channel: Channel): Promise<void> {
    const member = this.#members.get(channel);
    if (!member) return;
    this.#members.delete(channel);
    this.#waiting.refuse(member, new Error(`Channel "${member.name}" is closed`));
    await member.out.close();
    member.close();
  }

  async put(parts: readonly LogPart[], note?: SourceNote): Promise<PutReceipt> {
    const entries = this.#entriesOf(parts);
    if (entries.length === 0 && !note) return {};
    const needs = new Map<Member, number>();
    for (const { batch, members } of entries) {
      for (const member of members) needs.set(member, (needs.get(member) ?? 0) + batch.size);
    }
    // Up to here and into start() this runs within the call, so that the order of calls is the order in the log.
    return await this.#waiting.start<Promise<PutReceipt>>({
      needs,
      waitMs: Math.min(...Array.from(needs.keys(), ({ keepAliveMs }) => keepAliveMs)),
      start: () => this.#append(entries, [...needs.keys()], note),
      giveUp: (lacking) => {
        const [member] = needs.has(lacking as Member) ? [lacking as Member] : needs.keys();
        throw member!.fullError(needs.get(member!)!);
      },
    });
  }

  /** Counts a sync in all channels that it was for. */
  synced(ms: number): void {
    for (const { syncs } of this.#members.values()) syncs.observe(ms / 1000);
  }

  /** Tells of what is wrong with the journal: all channels count it, one logs it. Damage is told by whoever reads it. */
  tell({ kind, path, offset, text }: JournalFault): void {
    if (DAMAGE.has(kind)) return;
    const contexts = Array.from(this.#members.values(), ({ context }) => context);
    const counter = COUNTERS[kind];
    if (counter) { for (const { counters } of contexts) counters.add(counter); }
    contexts[0]?.log.error(`Journal: ${text}`, { kind, path, offset });
  }

  /** What goes to several channels is written once. */
  #entriesOf(parts: readonly LogPart[]): readonly Entry[] {
    const entries = new Map<EventBatch, Entry>();
    for (const { channel, batch } of parts) {
      const member = this.#members.get(channel);
      if (!member) throw new Error("Cannot put: the channel is closed");
      const entry = entries.get(batch);
      if (entry) entry.members.push(member);
      else if (batch.size > 0) entries.set(batch, { batch, members: [member] });
    }
    return [...entries.values()];
  }

  /** Appends within this call; resolves when the source may go on. */
  #append(
    entries: readonly Entry[],
    members: readonly Member[],
    note: SourceNote | undefined,
  ): Promise<PutReceipt> {
    const written = entries.map((entry) => this.#write(entry));
    try {
      const notes = entries.length > 0 ? this.openings.notes : [];
      const appended = this.journal.append(written.map(newFrame), note ? [...notes, noteOf(note)] : notes);
      for (const member of members) member.recover();
      const committed = this.#follow(appended, written);
      const bytes = written.reduce((sum, { bytes }) => sum + bytes.length, 0);
      return this.#flow(members, committed, bytes);
    } catch (cause) {
      refuse(members, cause);
      throw cause;
    } finally {
      for (const { frame } of written) frame.lease.release();
    }
  }

  #write({ batch, members }: Entry): Written {
    let lease: Lease | undefined;
    const room = (bytes: number) => (lease = this.pool.lease(bytes)).block;
    const bytes = encodeFrame(batch, room, FRAME_HEAD_BYTES);
    const frame = new FreshFrame(batch, bytes.subarray(FRAME_HEAD_BYTES), lease!);
    return { members, bytes, frame };
  }

  /** Gives the frames to their channels, and the channels' takers the events as soon as they are committed. */
  #follow({ sequence: first, timeMs, committed }: Appended, written: readonly Written[]): Promise<void> {
    if (first < this.#next) this.#rejectFrom(first);
    let sequence = first;
    for (const { frame, members } of written) {
      frame.sequence = sequence;
      frame.timeMs = timeMs;
      sequence += frame.count;
      for (const { out } of members) out.appended(frame);
    }
    this.#next = sequence;
    const pending: Pending = { sequence: first, written };
    this.#pending.add(pending);
    const followed = committed.then(() => {
      this.#pending.delete(pending);
      if (written.length > 0) this.openings.noted();
      for (const { frame } of written) frame.isCommitted = true;
      for (const { out } of membersOf(written)) out.committed();
      this.#passIdle();
    }, (cause: unknown) => {
      if (this.#pending.has(pending)) this.#rejectFrom(first);
      refuse(membersOf(written), cause);
      throw cause;
    });
    followed.catch(() => {});
    return followed;
  }

  /** A channel that gets nothing must not keep the segments of those that do; nor must one that a reload removed. */
  #passIdle(): void {
    const now = performance.now();
    if (now - this.#passedMs < PASS_IDLE_MS) return;
    this.#passedMs = now;
    const { committedSequence, state } = this.journal;
    for (const [name, { size }] of Object.entries(state.channels)) {
      if (size === 0) this.journal.deliver(name, committedSequence, 0);
    }
  }

  /** All events from a sequence on were rolled back: the journal refuses only the end of the log, and gives its numbers again. */
  #rejectFrom(sequence: number): void {
    const rejected = [...this.#pending].filter((pending) => pending.sequence >= sequence);
    for (const pending of rejected.reverse()) {
      this.#pending.delete(pending);
      for (const { frame, members } of pending.written.toReversed()) {
        for (const { out } of members) out.rejected(frame);
      }
    }
  }

  async #flow(members: readonly Member[], committed: Promise<void>, bytes: number): Promise<PutReceipt> {
    await this.#gate.pass(bytes, committed);
    const crowded = members.flatMap(({ out }) => out.flow() ?? []);
    if (crowded.length > 0) {
      const patience = new AbortController();
      const { clock } = members[0]!.context;
      await Promise.race([Promise.all(crowded), clock.sleep(FLOW_WAIT_MS, patience.signal)]);
      patience.abort();
      for (const { out } of members) out.losePatience();
    }
    return { committed };
  }
}

function membersOf(written: readonly Written[]): Iterable<Member> {
  return written.length === 1 ? written[0]!.members : new Set(written.flatMap(({ members }) => members));
}

function newFrame({ bytes, frame, members }: Written) {
  return { bytes, count: frame.count, channels: members.map(({ id }) => id) };
}

function noteOf({ source, position, replace }: SourceNote): Note {
  return { source, position, ...replace && { replace } };
}

function refuse(members: Iterable<Member>, cause: unknown): void {
  for (const member of members) {
    member.context.counters.add("EventPutErrorCount");
    member.fail(`Cannot write to the journal: ${errorText(cause)}`);
  }
}
