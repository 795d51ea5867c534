import { type Clock, systemClock } from "sluice/plugin";

/** Ends a connection for what it takes away from others: memory, or time. */
export class LimitError extends Error {
  /** What the client has done, to follow its address in the log. */
  readonly complaint: string;

  constructor(complaint: string, text: string) {
    super(text);
    this.complaint = complaint;
  }
}

/** A frame whose connection waits for the rest of it. */
export interface UnfinishedFrame {
  readonly begunMs: number;
  /** When its connection began to wait for the next bytes. */
  readonly silentSinceMs: number;
  /** Bytes of the budget that it has. */
  readonly heldBytes: number;
  /** Gives those bytes back at once, and ends the connection. */
  giveUp(cause: LimitError): void;
}

/** Clients that all send at once must not throw one another out: then no frame would ever be complete. */
const SPARED_MS = 1000;

/**
 * Bytes that all clients of one source may have under way together. Where they do not suffice, unfinished frames are given
 * up for whoever asks, the one first that was begun first: a client in order is done with its frame soon. Neither bytes
 * that trickle nor many small frames get around that, and a large frame is no fault. Frames that are complete stay.
 */
export class MemoryBudget {
  readonly maxBytes: number;
  /** Frames that wait for bytes now. */
  readonly unfinished: Set<UnfinishedFrame> = new Set();
  readonly #clock: Pick<Clock, "now">;
  #used = 0;

  constructor(maxBytes: number, clock: Pick<Clock, "now"> = systemClock) {
    this.maxBytes = maxBytes;
    this.#clock = clock;
  }

  /** More than half of it is taken. */
  get isTight(): boolean {
    return this.#used > this.maxBytes / 2;
  }

  /** Takes bytes, and ends other clients for them; false when even that does not give so many. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.maxBytes) this.#reclaim(this.#used + bytes - this.maxBytes);
    if (this.#used + bytes > this.maxBytes) return false;
    this.#used += bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#used -= bytes;
  }

  /** What to end a client with that cannot have what it needs. */
  refusal(): LimitError {
    return new LimitError(
      "needs too much memory",
      `All clients together have ${this.maxBytes} bytes for calls under way`,
    );
  }

  #reclaim(bytes: number): void {
    const latestMs = this.#clock.now() - SPARED_MS;
    const frames = [...this.unfinished].filter((frame) => frame.heldBytes > 0 && frame.begunMs <= latestMs);
    // Nobody is ended in vain.
    if (frames.reduce((sum, { heldBytes }) => sum + heldBytes, 0) < bytes) return;
    frames.sort((one, other) => one.begunMs - other.begunMs);
    for (let left = bytes, at = 0; left > 0; at++) {
      const frame = frames[at]!;
      const { heldBytes } = frame;
      left -= heldBytes;
      frame.giveUp(
        new LimitError(
          "needs too much memory",
          `${heldBytes} bytes of an unfinished call given up for others`,
        ),
      );
    }
  }
}
