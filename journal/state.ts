import { type FrameHead, hasChannel, KIND_EVENTS } from "./format.ts";

/** Where the takers of one channel are. */
export interface ChannelState {
  /** 0–63: its bit in the channel set of frames. */
  readonly id: number;
  /** Counts how often the channel was rewound, so that positions from before can be told apart. */
  readonly epoch: number;
  /** Where it was added: frames before that are its own whatever their channel set says. */
  readonly since: number;
  /** Sequence of the next event to deliver. */
  readonly cursor: number;
  /** Events that are not delivered yet. */
  readonly size: number;
}

/** Stream key → offset, as a source or a sink understands it; the journal does not. */
export type Offsets = Readonly<Record<string, number | string>>;

/** All that a journal knows beside its events. */
export interface JournalState {
  readonly channels: Record<string, ChannelState>;
  readonly positions: Record<string, Offsets>;
}

/** What note frames say, as JSON; folded into the state when the journal is opened. */
export type Note =
  /** The whole state: what came before it need not be read. */
  | { readonly snapshot: JournalState }
  /** A channel that was added, or moved (then its epoch is one higher). */
  | ({ readonly channel: string } & ChannelState)
  | { readonly removed: string }
  /** What has been delivered. */
  | { readonly cursors: Readonly<Record<string, { readonly cursor: number; readonly size: number }>> }
  /** Where a source is: laid over what was noted, or in its place. `null` forgets a key. */
  | {
    readonly source: string;
    readonly position: Readonly<Record<string, number | string | null>>;
    readonly replace?: true;
  };

/** The state of a journal in which nothing has happened. */
export function emptyState(): JournalState {
  return { channels: {}, positions: {} };
}

/** Takes what a frame of events or a note says into the state, in the order of the log. Changes the state it is given. */
export function fold(state: JournalState, entry: FrameHead | Note): JournalState {
  if ("kind" in entry) foldEvents(state, entry);
  else if ("snapshot" in entry) foldSnapshot(state, entry.snapshot);
  else if ("channel" in entry) {
    const { channel, id, epoch, since, cursor, size } = entry;
    state.channels[channel] = { id, epoch, since, cursor, size };
  } else if ("removed" in entry) delete state.channels[entry.removed];
  else if ("cursors" in entry) {
    for (const [name, { cursor, size }] of Object.entries(entry.cursors)) {
      const known = state.channels[name];
      if (known) state.channels[name] = { ...known, cursor, size };
    }
  } else foldPosition(state, entry);
  return state;
}

function foldEvents({ channels }: JournalState, head: FrameHead): void {
  if (head.kind !== KIND_EVENTS) return;
  for (const name in channels) {
    const channel = channels[name]!;
    if (hasChannel(head, channel.id)) channels[name] = { ...channel, size: channel.size + head.count };
  }
}

function foldSnapshot(state: JournalState, { channels, positions }: JournalState): void {
  for (const name in state.channels) if (!Object.hasOwn(channels, name)) delete state.channels[name];
  for (const source in state.positions) if (!Object.hasOwn(positions, source)) delete state.positions[source];
  Object.assign(state.channels, structuredClone(channels));
  Object.assign(state.positions, structuredClone(positions));
}

function foldPosition({ positions }: JournalState, note: Extract<Note, { source: string }>): void {
  const { source, position, replace } = note;
  const merged: Record<string, number | string> = replace ? {} : positions[source] ?? {};
  for (const [key, offset] of Object.entries(position)) {
    if (offset === null) delete merged[key];
    else merged[key] = offset;
  }
  positions[source] = merged;
}
