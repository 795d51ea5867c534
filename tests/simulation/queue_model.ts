/** One frame that was put: its events are as good as its payload. */
export interface ModelFrame {
  readonly sequence: number;
  readonly count: number;
  readonly channels: readonly number[];
  readonly payload: Uint8Array;
}

export interface ModelNote {
  readonly source: string;
  readonly position: Readonly<Record<string, number | string | null>>;
  readonly replace?: true;
}

/** What one append put, all or nothing. */
export interface ModelGroup {
  frames: readonly ModelFrame[];
  notes: readonly ModelNote[];
  /** Sequence of the event behind its last one. */
  readonly end: number;
  isCommitted: boolean;
}

/** What a channel may look like; a change that was under way when all stopped may have happened or not. */
export interface ModelChannel {
  readonly name: string;
  readonly id: number;
  epoch: number;
  /** Frames before this sequence are the channel's own, whoever they were put for. */
  since: number;
  cursor: number;
  /** Places at which the cursor has stood in this epoch, oldest first, from the last one that is surely on the disk. */
  cursors: number[];
}

export type Positions = Readonly<Record<string, Readonly<Record<string, number | string>>>>;

/** The journal as the plainest thing that behaves like it: groups in a row, and a cursor for each channel. */
export class QueueModel {
  groups: ModelGroup[] = [];
  /**
   * Refused since the last commit. A disk that failed cannot promise to have forgotten them: they may be there again after
   * a crash, but not once something was committed behind them.
   */
  ghosts: ModelGroup[] = [];
  readonly channels = new Map<string, ModelChannel>();
  /** Positions as they were before the first of `groups`. */
  #before: Positions = {};
  /** Sequence behind everything that was ever acknowledged. */
  acknowledgedEnd = 0;

  append(group: Omit<ModelGroup, "isCommitted">): ModelGroup {
    const appended = { ...group, isCommitted: false };
    this.groups.push(appended);
    return appended;
  }

  commit(group: ModelGroup): void {
    group.isCommitted = true;
    this.ghosts = [];
    this.acknowledgedEnd = Math.max(this.acknowledgedEnd, group.end);
  }

  /** Takes a group out, as if it had never been put. */
  reject(group: ModelGroup): void {
    this.groups = this.groups.filter((other) => other !== group);
    this.ghosts.push(group);
  }

  /** A note that says where the cursor stands is on the disk; it cannot stand further back after a crash. */
  cursorIsSafe(name: string, { epoch, cursor }: { epoch: number; cursor: number }): void {
    const channel = this.channels.get(name);
    if (channel?.epoch !== epoch) return;
    const index = channel.cursors.lastIndexOf(cursor);
    if (index > 0) channel.cursors.splice(0, index);
  }

  get end(): number {
    return this.groups.reduce((end, group) => Math.max(end, group.end), 0);
  }

  get isWaiting(): boolean {
    return this.groups.some(({ isCommitted }) => !isCommitted);
  }

  /** Committed frames of a channel that hold events at or behind a sequence. */
  framesOf({ id, since }: ModelChannel, from: number): ModelFrame[] {
    const isOwn = ({ sequence, count, channels }: ModelFrame) =>
      sequence + count > from && (sequence < since || channels.includes(id));
    return this.groups.flatMap(({ frames, isCommitted }) => isCommitted ? frames.filter(isOwn) : []);
  }

  /** Events of a channel from a sequence to the end. */
  sizeFrom(channel: ModelChannel, from: number): number {
    return this.framesOf(channel, from).reduce(
      (size, { sequence, count }) => size + sequence + count - Math.max(sequence, from),
      0,
    );
  }

  /** Positions after the first groups; after all of them when no number is given. */
  positionsAfter(groups = this.groups.length): Positions {
    return this.groups.slice(0, groups).reduce(foldGroup, this.#before);
  }

  /** Every value that the positions have had since the oldest group that is known, oldest first. */
  positionHistory(): Positions[] {
    const history = [this.#before];
    for (const group of this.groups) history.push(foldGroup(history.at(-1)!, group));
    return history;
  }

  /** Goes on from positions that the journal was found to have. */
  adoptPositions(positions: Positions): void {
    this.#before = positions;
    for (const group of this.groups) group.notes = [];
  }

  /** Takes frames out of their groups: the disk has lost them, and said so. */
  lose(lost: ReadonlySet<ModelFrame>): void {
    for (const group of this.groups) group.frames = group.frames.filter((frame) => !lost.has(frame));
  }
}

/** Positions after one more group. */
export function foldGroup(positions: Positions, group: ModelGroup): Positions {
  if (group.notes.length === 0) return positions;
  const folded = { ...positions };
  for (const { source, position, replace } of group.notes) {
    const before = replace ? {} : folded[source];
    const entries = Object.entries({ ...before, ...position }).filter(([, value]) => value !== null);
    folded[source] = Object.fromEntries(entries) as Record<string, number | string>;
  }
  return folded;
}
