import type { JournalFault } from "./fault.ts";
import type { ChannelState, JournalState } from "./state.ts";
import type { Writer } from "./writer.ts";

/** Where a channel is; another epoch is another count. */
type Place = Pick<ChannelState, "epoch" | "cursor">;

/** What has been delivered: known at once, noted with the next commit, and free to be removed when the note is on disk. */
export class Cursors {
  readonly #writer: Writer;
  readonly #moved = new Set<string>();
  readonly #held: number[] = [];
  readonly #lost: { readonly sequence: number; readonly events: number }[] = [];
  /** Cursors that the log on disk knows. */
  #durable: ReadonlyMap<string, Place>;

  constructor(writer: Writer) {
    this.#writer = writer;
    this.#durable = this.#all();
  }

  /** True when something was delivered that is not noted. */
  get areMoved(): boolean {
    return this.#moved.size > 0;
  }

  /** Everything below was delivered to all channels. */
  get lowest(): number {
    return lowestOf([...this.#held, ...this.#all().values().map(({ cursor }) => cursor)]);
  }

  /** Everything below was delivered to all channels, also to those that only the disk still knows, and the disk knows it. */
  get lowestDurable(): number {
    // Where a channel was put that the disk does not know of yet, or knows only as it was before it was rewound.
    const isNew = [...this.#all()].some(([name, { epoch }]) => this.#durable.get(name)?.epoch !== epoch);
    return isNew ? 0 : Math.min(this.lowest, lowestOf(this.#durable.values().map(({ cursor }) => cursor)));
  }

  /** @throws {RangeError} when it is not committed yet. */
  deliver(channel: string, cursor: number, events: number): void {
    const { state, tail, committedSequence, nextSequence } = this.#writer;
    const known = state.channels[channel];
    // A take of a channel that was removed meanwhile may end late.
    if (known === undefined || cursor <= known.cursor) return;
    if (cursor > committedSequence) {
      throw new RangeError(
        `Channel "${channel}" cannot have delivered event ${
          cursor - 1
        }: only those below ${committedSequence} are committed`,
      );
    }
    const counted = Math.max(0, events - this.#lostBetween(known.cursor, cursor));
    advance(state, channel, { cursor, events: counted, endSequence: committedSequence });
    advance(tail, channel, { cursor, events: counted, endSequence: nextSequence });
    this.#moved.add(channel);
  }

  /**
   * Events are lost, and nobody knows in which sizes they are: in those of the channels to which they belonged, or in all.
   * Rather a size is too large until the channel has caught up than 0 while events are left.
   */
  lose({ kind, sequence = 0, events = 0 }: JournalFault): void {
    const isUnowned = kind === "damaged-head" || kind === "missing-segment";
    if (isUnowned && events > 0) this.#lost.push({ sequence, events });
  }

  /** Appends what has moved. @throws {JournalError} when that is refused; it stays to be noted. */
  note(): void {
    const { tail: { channels } } = this.#writer;
    const names = [...this.#moved].filter((name) => channels[name]);
    if (names.length > 0) {
      const cursors = Object.fromEntries(names.map((name) => [name, sizedCursor(channels[name]!)]));
      this.#writer.append([], [{ cursors }]);
    }
    this.#moved.clear();
  }

  /** Keeps what lies behind a sequence while a channel is about to be put there; calling the answer ends that. */
  hold(sequence: number): () => void {
    this.#held.push(sequence);
    return () => void this.#held.splice(this.#held.indexOf(sequence), 1);
  }

  /** What a sync that begins now makes durable; to be called when that has ended. */
  durableAfter(): () => void {
    const noted = this.#all();
    for (const name of this.#moved) {
      const place = noted.get(name);
      if (place) noted.set(name, { ...place, cursor: 0 });
    }
    return () => {
      for (const [name, { epoch, cursor }] of noted) {
        const known = this.#durable.get(name);
        if (known?.epoch === epoch) noted.set(name, { epoch, cursor: Math.max(cursor, known.cursor) });
      }
      this.#durable = noted;
    };
  }

  /** A note may have been refused together with other appends. */
  noteAgain(): void {
    for (const name of this.#all().keys()) this.#moved.add(name);
  }

  #lostBetween(from: number, to: number): number {
    return this.#lost.reduce((sum, { sequence, events }) => {
      return sum + Math.max(0, Math.min(to, sequence + events) - Math.max(from, sequence));
    }, 0);
  }

  #all(): Map<string, Place> {
    const { channels } = this.#writer.tail;
    return new Map(Object.entries(channels).map(([name, { epoch, cursor }]) => [name, { epoch, cursor }]));
  }
}

function advance(
  { channels }: JournalState,
  name: string,
  { cursor, events, endSequence }: { cursor: number; events: number; endSequence: number },
): void {
  const channel = channels[name];
  if (channel === undefined) return;
  // Lost events were counted for every channel; at the end of the log nothing is left in any case.
  const size = Math.max(0, Math.min(channel.size - events, endSequence - cursor));
  channels[name] = { ...channel, cursor, size };
}

function sizedCursor({ cursor, size }: { cursor: number; size: number }): { cursor: number; size: number } {
  return { cursor, size };
}

function lowestOf(cursors: Iterable<number>): number {
  return Math.min(Infinity, ...cursors);
}
