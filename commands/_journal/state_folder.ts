import {
  type Checkpoint,
  decodeNote,
  emptyState,
  FLAG_MORE,
  fold,
  type FrameHead,
  type JournalState,
  KIND_NOTE,
  type Note,
  readPayload,
} from "../../journal/mod.ts";
import type { FrameStep } from "./walk.ts";

const KNOWN_NOTES = ["snapshot", "channel", "removed", "cursors", "source"];

/** Learns the state of a journal from a walk along it: from its notes, and from the checkpoint where that lies on the way. */
export class StateFolder {
  #state: JournalState = emptyState();
  #checkpoint: Checkpoint | undefined;
  #group: (FrameHead | Note)[] = [];
  #holes: { readonly sequence: number; readonly positions: JournalState["positions"] }[] = [];

  constructor(checkpoint: Checkpoint | undefined) {
    this.#checkpoint = checkpoint;
  }

  /** Takes a frame in; what it says counts when its group is whole. */
  async pass({ frame, file, segment }: FrameStep): Promise<void> {
    if (this.#checkpoint && isBehind(this.#checkpoint, segment.head?.number ?? -1, frame.offset)) {
      this.#useCheckpoint(this.#checkpoint);
    }
    const { head } = frame;
    const payload = head.kind === KIND_NOTE ? await readPayload(file, frame) : undefined;
    const entry = head.kind === KIND_NOTE ? payload && decodeNote(payload) : head;
    if (entry) this.#group.push(entry);
    if (!(head.flags & FLAG_MORE)) this.#apply();
  }

  /** Something is missing here: the rest of a group, perhaps. */
  passHole(sequence: number): void {
    this.#apply();
    this.#holes.push({ sequence, positions: structuredClone(this.#state.positions) });
  }

  /**
   * The state behind all that was passed. Where something is missing that was not known to be on disk, sources stay at
   * their positions before it: nobody may have told them that it is safe, and they can send it again.
   */
  end(provenSequence: number): JournalState {
    if (this.#checkpoint) this.#useCheckpoint(this.#checkpoint);
    const hole = this.#holes.find(({ sequence }) => sequence >= provenSequence);
    return hole ? { ...this.#state, positions: hole.positions } : this.#state;
  }

  #useCheckpoint({ state }: Checkpoint): void {
    this.#state = structuredClone(state);
    this.#checkpoint = undefined;
  }

  #apply(): void {
    for (const entry of this.#group) {
      // A later version may note what this one does not know.
      if ("kind" in entry || KNOWN_NOTES.some((key) => key in entry)) fold(this.#state, entry);
    }
    this.#group = [];
  }
}

function isBehind({ segmentNumber, offset }: Checkpoint, number: number, frameOffset: number): boolean {
  return number > segmentNumber || (number === segmentNumber && frameOffset >= offset);
}
