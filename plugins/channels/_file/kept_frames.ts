import { EventBatch, type Lease } from "sluice/plugin";
import { decodeFrame } from "../../../protocols/event_frame.ts";
import type { HeldFrame } from "./frames.ts";

/** A frame that this process has just appended: its takers need not read it from the disk. */
export class FreshFrame implements HeldFrame {
  readonly count: number;
  readonly lease: Lease;
  readonly #payload: Uint8Array;
  readonly #headers: EventBatch["headers"];
  readonly #bornMs: number | undefined;
  #batch: EventBatch | undefined;
  /** Known as soon as it is appended. */
  sequence = -1;
  timeMs = 0;
  isCommitted = false;

  constructor({ size, headers, bornMs }: EventBatch, payload: Uint8Array, lease: Lease) {
    this.count = size;
    this.lease = lease;
    this.#payload = payload;
    this.#headers = headers;
    this.#bornMs = bornMs;
  }

  get bytes(): number {
    return this.#payload.length;
  }

  /** All channels of the frame share it. */
  get batch(): EventBatch {
    return this.#batch ??= new EventBatch({
      ...decodeFrame(this.#payload, this.#headers),
      bornMs: this.#bornMs,
    });
  }
}

/** Fresh frames of a channel that wait until they are committed, and until what lies before them was read. */
export class KeptFrames {
  #frames: FreshFrame[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Events in all of them. */
  get events(): number {
    return this.#frames.reduce((sum, { count }) => sum + count, 0);
  }

  /** Sequence of the first; Infinity without any. */
  get from(): number {
    return this.#frames[0]?.sequence ?? Infinity;
  }

  add(frame: FreshFrame): void {
    frame.lease.retain();
    this.#frames.push(frame);
    this.#bytes += frame.bytes;
  }

  /** Takes the committed ones off the front; their leases pass to the caller. */
  takeCommitted(): FreshFrame[] {
    const first = this.#frames.findIndex(({ isCommitted }) => !isCommitted);
    const taken = this.#frames.splice(0, first < 0 ? this.#frames.length : first);
    for (const { bytes } of taken) this.#bytes -= bytes;
    return taken;
  }

  /** Lets go of one that was rolled back. */
  remove(frame: FreshFrame): boolean {
    const at = this.#frames.indexOf(frame);
    if (at < 0) return false;
    this.#frames.splice(at, 1);
    this.#bytes -= frame.bytes;
    frame.lease.release();
    return true;
  }

  clear(): void {
    for (const { lease } of this.#frames) lease.release();
    this.#frames = [];
    this.#bytes = 0;
  }
}
