import { type Context, duration } from "sluice/plugin";
import { LimitError, type MemoryBudget, type UnfinishedFrame } from "./memory_budget.ts";

/** How long clients may pause within a call; the field behind `endSilent`. */
export const frameFields = {
  frameTimeout: duration("s").default(60).describe(
    "Close clients that have begun a call and sent nothing more of it for so long; 0 never does.",
  ),
};

/** What a wait has to know of its connection. */
export interface FrameWaitParts {
  readonly budget: MemoryBudget;
  readonly clock: Context["clock"];
  /** The bytes that came. */
  readonly frames: { readonly isBetweenFrames: boolean; readonly heldBytes: number; close(): void };
  /** Closes the socket. */
  close(): void;
}

/** The waits of one connection for bytes. In the middle of a frame each can be cut short for the sake of other clients. */
export class FrameWait implements UnfinishedFrame {
  silentSinceMs = 0;
  readonly #parts: FrameWaitParts;
  #begunMs: number | undefined;
  #fault: LimitError | undefined;

  constructor(parts: FrameWaitParts) {
    this.#parts = parts;
  }

  get begunMs(): number {
    return this.#begunMs ?? this.silentSinceMs;
  }

  get heldBytes(): number {
    return this.#parts.frames.heldBytes;
  }

  /** Says that a frame has become complete; what follows it is another. */
  completed(): void {
    this.#begunMs = undefined;
  }

  /**
   * Waits for bytes.
   * @throws {LimitError} when the frame was given up meanwhile; its bytes are gone.
   */
  async until<T>(read: Promise<T>): Promise<T> {
    const { frames, budget, clock } = this.#parts;
    if (frames.isBetweenFrames) return await read;
    this.silentSinceMs = clock.now();
    this.#begunMs ??= this.silentSinceMs;
    budget.unfinished.add(this);
    try {
      const bytes = await read;
      if (!this.#fault) return bytes;
    } catch (cause) {
      if (!this.#fault) throw cause;
    } finally {
      budget.unfinished.delete(this);
    }
    throw this.#fault;
  }

  giveUp(cause: LimitError): void {
    const { budget, frames, close } = this.#parts;
    this.#fault = cause;
    budget.unfinished.delete(this);
    frames.close();
    close();
  }
}

const WATCH_MS = 1000;

/** Runs what serves clients, and meanwhile ends those that stay silent in the middle of a frame for so long. */
export async function endSilent(
  serving: Promise<void>,
  { budget, limitMs }: { readonly budget: MemoryBudget; readonly limitMs: number },
  { clock, signal }: Context,
): Promise<void> {
  const ended = new AbortController();
  const over = AbortSignal.any([signal, ended.signal]);
  const watch = async () => {
    while (limitMs > 0 && !over.aborted) {
      await clock.sleep(Math.min(WATCH_MS, limitMs / 2), over);
      for (const frame of [...budget.unfinished]) {
        if (frame.silentSinceMs + limitMs < clock.now()) frame.giveUp(silence(limitMs));
      }
    }
  };
  const watching = watch();
  try {
    await serving;
  } finally {
    ended.abort();
    await watching;
  }
}

function silence(limitMs: number): LimitError {
  return new LimitError(
    "stopped in the middle of a call",
    `Nothing came for ${limitMs / 1000} s (frameTimeout)`,
  );
}
