import { Buffer, isAscii } from "node:buffer";
import { type Clock, type Column, EventBatch, type Lease } from "sluice/plugin";
import type { Charset } from "./charset.ts";
import type { Frames } from "./frames.ts";
import { type Dialect, Head, type HeadState } from "./head.ts";
import type { HeadColumns } from "./head_columns.ts";
import type { KeptFields } from "./kept_fields.ts";
import type { OwnFormat } from "./own_format.ts";
import type { Stamps } from "./stamps.ts";

/** How a source turns frames into events. */
export interface MakerParts {
  readonly dialect: Dialect;
  readonly stamps: Stamps;
  readonly columns: HeadColumns;
  readonly kept: KeptFields;
  readonly clock: Clock;
  /** Tried before the dialect. */
  readonly ownFormat?: OwnFormat | undefined;
  /** Frames that are no text in it are invalid. Absent: nobody looks. */
  readonly charset?: Charset | undefined;
  /** Frames of this length were cut, or may have been. */
  readonly maxBytes: number;
}

/** Frames in a block, which the events take over. */
export interface FrameBlock {
  readonly block: Uint8Array;
  readonly frames: Frames;
  readonly lease?: Lease | undefined;
  /** No frame holds a newline. */
  readonly endsAtNewline: boolean;
  /** Something is missing at the end of the last frame. */
  readonly isTorn?: boolean;
  /** What the headers say beside the heads. */
  readonly headers?: Iterable<readonly [name: string, column: Column]>;
}

const PIECE_BYTES = 64 * 1024;
/** What Java's `.` does not match beside the newline, in UTF-8 taken as latin1. */
const TERMINATORS = ["\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"];

/** Turns frames of syslog into events: nothing is copied, heads become columns, bodies start behind them. */
export class EventMaker {
  readonly #parts: MakerParts;
  readonly #head = new Head();

  constructor(parts: MakerParts) {
    this.#parts = parts;
  }

  /** Gives the events; empty frames are none. The block may be written to. */
  make(framed: FrameBlock): EventBatch {
    const { clock, stamps, columns, ownFormat, kept } = this.#parts;
    const { block, frames, lease } = framed;
    stamps.nowMs = clock.now();
    this.#head.bytes = block;
    this.#head.mayStop = framed.endsAtNewline && holdsTerminator(block, frames);
    columns.start(frames.size);
    if (ownFormat) return this.#makeOwn(framed, ownFormat);
    const size = this.#readAll(framed);
    const headers = this.#headers(framed);
    const { starts, ends, layout } = frames;
    const isWhole = kept.all && size === frames.size;
    return new EventBatch({
      block,
      starts,
      ends,
      size,
      headers,
      lease,
      layout: layout === "dense" && !isWhole ? "sparse" : layout,
    });
  }

  /** Moves starts and ends to the bodies; gives how many there are. */
  #readAll({ block, frames, isTorn }: FrameBlock): number {
    const { columns, kept, maxBytes } = this.#parts;
    const { starts, ends } = frames;
    const head = this.#head;
    const isPlain = this.#isPlain(block, frames);
    let size = 0;
    for (let index = 0; index < frames.size; index++) {
      const from = starts[index]!;
      const to = ends[index]!;
      if (from === to) continue;
      head.use(from, to);
      const state = this.#read(head, isPlain);
      columns.add(head, state, to - from >= maxBytes || (isTorn === true && index === frames.size - 1));
      const start = state === "whole" ? kept.place(head) : from;
      starts[size] = start === to ? from : start;
      ends[size++] = to;
    }
    return size;
  }

  /** Lines are taken apart as text, one by one, and their bodies copied. */
  #makeOwn(framed: FrameBlock, format: OwnFormat): EventBatch {
    const { block, frames, isTorn } = framed;
    const { columns, kept, maxBytes } = this.#parts;
    const head = this.#head;
    const bodies: Uint8Array[] = [];
    for (let index = 0; index < frames.size; index++) {
      const [from, to] = [frames.starts[index]!, frames.ends[index]!];
      if (from === to) continue;
      head.use(from, to);
      const isCut = to - from >= maxBytes || (isTorn === true && index === frames.size - 1);
      const found = head.readPriority(3) < 0 ? undefined : format.find(utf8(block, from, to), kept);
      const state = found ? "priority" : this.#read(head, true);
      if (found) columns.addFound(head, found, isCut);
      else columns.add(head, state, isCut);
      const start = state === "whole" ? kept.place(head) : from;
      bodies.push(found ? Buffer.from(found.body) : block.subarray(start === to ? from : start, to));
    }
    const batch = EventBatch.ofBodies(bodies);
    framed.lease?.release();
    return batch.with({ headers: this.#headers(framed) });
  }

  /** @param isPlain It need not be asked whether the frame is text. */
  #read(head: Head, isPlain: boolean): HeadState {
    const { dialect, charset } = this.#parts;
    if (!isPlain && !charset!.isValid(head.bytes.subarray(head.from, head.to))) return "invalid";
    return dialect.read(head);
  }

  #isPlain(block: Uint8Array, frames: Frames): boolean {
    return this.#parts.charset === undefined || isAscii(spanOf(block, frames));
  }

  #headers(framed: FrameBlock): Map<string, Column> {
    const headers = this.#parts.columns.headers();
    for (const [name, column] of framed.headers ?? []) headers.set(name, column);
    return headers;
  }
}

function spanOf(block: Uint8Array, { starts, ends, size }: Frames): Uint8Array {
  return size === 0 ? block.subarray(0, 0) : block.subarray(starts[0], ends[size - 1]);
}

/** Looks at pieces: the text of so many is short-lived, small garbage. They overlap, so that none is cut. */
function holdsTerminator(block: Uint8Array, frames: Frames): boolean {
  const { buffer, byteOffset, length } = spanOf(block, frames);
  const bytes = Buffer.from(buffer, byteOffset, length);
  for (let offset = 0; offset < length; offset += PIECE_BYTES) {
    const text = bytes.toString("latin1", offset, offset + PIECE_BYTES + 2);
    if (TERMINATORS.some((terminator) => text.includes(terminator))) return true;
  }
  return false;
}

function utf8({ buffer, byteOffset }: Uint8Array, from: number, to: number): string {
  return Buffer.from(buffer, byteOffset + from, to - from).toString();
}
