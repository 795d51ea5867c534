import type { Committer } from "./committer.ts";
import type { Cursors } from "./cursors.ts";
import { JournalError } from "./fault.ts";
import { countEvents, headsIn, isOwn } from "./heads.ts";
import type { Recovery } from "./recovery.ts";
import type { ChannelState } from "./state.ts";
import type { Writer } from "./writer.ts";

/** Where a channel begins to read. */
export type Start = "end" | "earliest" | { readonly timeMs: number };

/** Where a channel goes on reading. */
export type Target = { readonly sequence: number } | { readonly timeMs: number };

const MAX_CHANNELS = 64;

/** Adds, moves and removes the channels of a journal. */
export class Channels {
  readonly #writer: Writer;
  readonly #committer: Committer;
  readonly #cursors: Cursors;
  readonly #recovery: Recovery;

  constructor(about: { writer: Writer; cursors: Cursors; committer: Committer; recovery: Recovery }) {
    this.#writer = about.writer;
    this.#committer = about.committer;
    this.#cursors = about.cursors;
    this.#recovery = about.recovery;
  }

  async add(name: string, from: Start): Promise<ChannelState> {
    const known = this.#writer.state.channels[name];
    if (known) return known;
    const earliest = this.#recovery.segments.first?.firstSequence ?? 0;
    const cursor = typeof from === "object"
      ? await this.sequenceAt(from.timeMs)
      : from === "earliest"
      ? earliest
      : Infinity;
    return await this.#note(name, cursor, (size, start) => {
      return { id: this.#freeId(name), epoch: 0, since: this.#writer.nextSequence, cursor: start, size };
    });
  }

  async move(name: string, to: Target): Promise<ChannelState> {
    this.#known(name);
    const sequence = "sequence" in to ? to.sequence : await this.sequenceAt(to.timeMs);
    return await this.#note(name, sequence, (size, cursor) => {
      const { id, epoch, since } = this.#known(name);
      return { id, epoch: epoch + 1, since, cursor, size };
    });
  }

  async remove(name: string): Promise<void> {
    if (this.#writer.tail.channels[name] === undefined) return;
    const { committed } = this.#writer.append([], [{ removed: name }]);
    this.#committer.kick();
    await committed;
  }

  /** Of the first event that was put at that time or later. */
  async sequenceAt(timeMs: number): Promise<number> {
    const { segments, disk } = this.#recovery;
    const to = this.#writer.committedSequence;
    const first = segments.all.findLast((segment) => segment.timeMs < timeMs) ?? segments.first;
    for await (const entry of headsIn({ disk, segments, from: first?.firstSequence ?? to, to })) {
      if ("timeMs" in entry && entry.timeMs >= timeMs) return entry.sequence;
    }
    return to;
  }

  async #note(
    name: string,
    from: number,
    channelAt: (size: number, cursor: number) => ChannelState,
  ): Promise<ChannelState> {
    const writer = this.#writer;
    const { segments, disk } = this.#recovery;
    const firstSequence = segments.first?.firstSequence ?? 0;
    const cursor = Math.max(Math.min(from, writer.committedSequence), firstSequence);
    // A new channel is sent nothing before it is known, and all that is there is its own.
    const own = writer.tail.channels[name] ?? { id: 0, since: Infinity };
    const letGo = this.#cursors.hold(cursor);
    try {
      let size = 0;
      for (let counted = cursor; counted < writer.committedSequence;) {
        const stretch = { disk, segments, from: counted, to: writer.committedSequence };
        size += await countEvents(stretch, own);
        counted = stretch.to;
      }
      // Nothing is awaited from here on, so that nothing is put, committed or refused in between.
      for (const head of writer.pendingHeads()) if (isOwn(head, own)) size += head.count;
      const { committed } = writer.append([], [{ channel: name, ...channelAt(size, cursor) }]);
      this.#committer.kick();
      await committed;
    } finally {
      letGo();
    }
    return this.#known(name);
  }

  #known(name: string): ChannelState {
    const known = this.#writer.state.channels[name];
    if (known) return known;
    const names = Object.keys(this.#writer.state.channels).map((other) => `"${other}"`).join(", ") || "none";
    const path = this.#recovery.segments.last?.path ?? "";
    throw new JournalError(`The journal has no channel "${name}"`, { path, fix: `name one of: ${names}` });
  }

  #freeId(name: string): number {
    const used = new Set(Object.values(this.#writer.tail.channels).map(({ id }) => id));
    for (let id = 0; id < MAX_CHANNELS; id++) if (!used.has(id)) return id;
    throw new JournalError(`Cannot add channel "${name}": the journal has ${MAX_CHANNELS} channels already`, {
      path: this.#recovery.segments.last?.path ?? "",
      fix: "remove one, or give some of them other data folders",
    });
  }
}
