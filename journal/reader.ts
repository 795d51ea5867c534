import { crc32 } from "node:zlib";
import type { Disk, DiskFile } from "./disk.ts";
import type { JournalFault } from "./fault.ts";
import {
  decodeFrameHead,
  FRAME_HEAD_BYTES,
  type FrameHead,
  KIND_EVENTS,
  SEGMENT_HEAD_BYTES,
} from "./format.ts";
import { isOwn } from "./heads.ts";
import { ReadWindow } from "./read_window.ts";
import { FrameScanner, type Hole, holeFault } from "./scan.ts";
import type { Seal } from "./seal.ts";
import { openPayload } from "./sealed.ts";
import type { Segment, SegmentList } from "./segment_list.ts";
import type { ChannelState } from "./state.ts";

/** One frame of events as it was put. */
export interface ReadFrame {
  /** Of its first event; may lie before the sequence that the reader was asked for. */
  readonly sequence: number;
  readonly count: number;
  readonly timeMs: number;
  readonly payload: Uint8Array;
}

/** Events that are in the journal no more: they are to be counted and passed by. */
export interface DamagedFrame {
  readonly sequence: number;
  readonly count: number;
  readonly fault: JournalFault;
}

/** Reads the committed frames of one channel in order. */
export interface JournalReader {
  /**
   * The next frame; undefined when all that is committed has been read. `room` gives the memory for what is stored, a
   * pooled block perhaps; it is asked for a little more than the payload, which comes as a part of it, or, compressed or
   * sealed, in memory of its own. One call at a time.
   * @throws when the file cannot be read, or no key opens the frame; the next call tries the same frame again.
   */
  next(room: (bytes: number) => Uint8Array): Promise<ReadFrame | DamagedFrame | undefined>;
  close(): void;
}

/** What a reader has to know of its journal. */
export interface ReadableLog {
  readonly disk: Disk;
  readonly segments: SegmentList;
  readonly seal: Seal | undefined;
  /** Next sequence behind all that is committed. */
  committed(): number;
  report(fault: JournalFault): void;
}

/** What was read; without `stored` the file is too short. */
interface Stored {
  readonly stored?: Uint8Array;
  readonly ahead?: FrameHead | undefined;
}

/** Payloads up to this length come by way of the window, many with one read. */
const SMALL_BYTES = 64 * 1024;
/** Behind a long payload that is passed by, only the next head is read. */
const SHORT_READ_BYTES = 4096;

/** A reader of segment files, also of the one that is written to. */
export class FrameReader implements JournalReader {
  readonly #log: ReadableLog;
  readonly #channel: Pick<ChannelState, "id" | "since">;
  #from: number;
  readonly #window = new ReadWindow();
  #segment: Segment | undefined;
  #file: DiskFile | undefined;
  #offset = 0;
  /** What the frame at the offset begins with. */
  #sequence: number;
  /** The head behind the payload that was read last, when it was committed then. */
  #ahead: FrameHead | undefined;
  #passedBytes = 0;

  constructor(log: ReadableLog, channel: Pick<ChannelState, "id" | "since">, from: number) {
    this.#log = log;
    this.#channel = channel;
    this.#from = this.#sequence = from;
  }

  async next(room: (bytes: number) => Uint8Array): Promise<ReadFrame | DamagedFrame | undefined> {
    for (;;) {
      const committed = this.#log.committed();
      if (Math.max(this.#sequence, this.#from) >= committed) return undefined;
      const segment = this.#log.segments.holding(this.#sequence);
      if (segment === undefined) {
        return this.#passMissing(this.#log.segments.first?.firstSequence ?? committed);
      }
      if (segment !== this.#segment) this.#enter(segment);
      const head = this.#ahead ?? await this.#readHead(committed);
      const isHere = head?.sequence === this.#sequence;
      if (isHere && this.#isWanted(head!)) return await this.#readFrame(segment, head!, room);
      const damaged = isHere ? this.#pass(head!) : await this.#passHole(segment);
      if (damaged) return damaged;
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = this.#segment = undefined;
  }

  #enter(segment: Segment): void {
    const file = this.#log.disk.open(segment.path, "read");
    this.close();
    this.#window.clear();
    this.#ahead = undefined;
    this.#file = file;
    this.#segment = segment;
    const place = segment.placeBefore(this.#sequence);
    // A segment that took the place of another may begin with what was read from that one.
    this.#from = Math.max(this.#from, this.#sequence);
    this.#offset = place?.offset ?? SEGMENT_HEAD_BYTES;
    this.#sequence = place?.sequence ?? segment.firstSequence;
    this.#passedBytes = 0;
  }

  async #readHead(committed: number): Promise<FrameHead | undefined> {
    const known = this.#window.slice(this.#offset, FRAME_HEAD_BYTES, this.#sequence);
    if (known) return decodeFrameHead(known);
    const bytes = this.#passedBytes > SMALL_BYTES ? { bytes: SHORT_READ_BYTES } : {};
    await this.#window.fill(this.#file!, this.#offset, { ...bytes, committed });
    const read = this.#window.slice(this.#offset, FRAME_HEAD_BYTES, this.#sequence);
    return read && decodeFrameHead(read);
  }

  #isWanted(head: FrameHead): boolean {
    return head.kind === KIND_EVENTS && head.sequence + head.count > this.#from && isOwn(head, this.#channel);
  }

  #pass(head: FrameHead): undefined {
    this.#offset += FRAME_HEAD_BYTES + head.payloadBytes;
    this.#sequence += head.count;
    this.#passedBytes = head.payloadBytes;
    this.#ahead = undefined;
  }

  async #readFrame(
    { path }: Segment,
    head: FrameHead,
    room: (bytes: number) => Uint8Array,
  ): Promise<ReadFrame | DamagedFrame> {
    const { sequence, count, timeMs } = head;
    const offset = this.#offset;
    const { stored, ahead } = head.payloadBytes <= SMALL_BYTES
      ? await this.#readSmall(head, room)
      : await this.#readLarge(head, room);
    if (stored === undefined || crc32(stored) !== head.payloadCrc) {
      this.#pass(head);
      return this.#damaged(sequence, sequence + count, bodyFault(path, offset, head));
    }
    const payload = openPayload(this.#log.seal, stored, { head, path, offset });
    this.#pass(head);
    this.#ahead = ahead;
    return { sequence, count, timeMs, payload };
  }

  async #readSmall(
    { payloadBytes, sequence }: FrameHead,
    room: (bytes: number) => Uint8Array,
  ): Promise<Stored> {
    const offset = this.#offset + FRAME_HEAD_BYTES;
    let found = this.#window.slice(offset, payloadBytes, sequence);
    if (found === undefined) {
      await this.#window.fill(this.#file!, this.#offset, { committed: this.#log.committed() });
      found = this.#window.slice(offset, payloadBytes, sequence);
    }
    if (found === undefined) return {};
    const stored = room(payloadBytes).subarray(0, payloadBytes);
    stored.set(found);
    return { stored };
  }

  async #readLarge({ payloadBytes }: FrameHead, room: (bytes: number) => Uint8Array): Promise<Stored> {
    const committed = this.#log.committed();
    const bytes = payloadBytes + FRAME_HEAD_BYTES;
    const into = room(bytes).subarray(0, bytes);
    const read = await this.#file!.read(into, this.#offset + FRAME_HEAD_BYTES);
    if (read < payloadBytes) return {};
    const ahead = decodeFrameHead(into.subarray(0, read), payloadBytes);
    // What was not committed when it was read may be another by the time it is.
    return {
      stored: into.subarray(0, payloadBytes),
      ahead: ahead && ahead.sequence < committed ? ahead : undefined,
    };
  }

  /** Goes to the next intact frame; answers what was lost on the way, if anything was. */
  async #passHole({ path, bytes: endOffset }: Segment): Promise<DamagedFrame | undefined> {
    const { segments, committed } = this.#log;
    const sequence = this.#sequence;
    this.#ahead = undefined;
    this.#window.clear();
    const scanner = new FrameScanner(this.#file!, { offset: this.#offset, sequence, endOffset });
    const entry = await scanner.next();
    if (entry !== undefined && "head" in entry) return undefined;
    const end = Math.min(segments.endOf(this.#segment!), committed());
    const nextSequence = Math.min(entry?.nextSequence ?? end, end);
    if (nextSequence === entry?.nextSequence) this.#offset = scanner.offset;
    this.#sequence = nextSequence;
    const hole: Hole = entry ?? { offset: this.#offset, bytes: 0, sequence, nextSequence };
    const fault = holeFault(path, { ...hole, nextSequence });
    if (nextSequence > this.#from && nextSequence > sequence) {
      return this.#damaged(sequence, nextSequence, fault);
    }
    this.#log.report(fault);
    return undefined;
  }

  #passMissing(firstSequence: number): DamagedFrame {
    const sequence = this.#sequence;
    this.#sequence = firstSequence;
    const text = `Events ${sequence} to ${firstSequence - 1} are lost: the log begins behind them`;
    const path = this.#log.segments.first?.path ?? "";
    const events = firstSequence - sequence;
    return this.#damaged(sequence, firstSequence, {
      kind: "missing-segment",
      path,
      offset: 0,
      sequence,
      events,
      text,
    });
  }

  #damaged(from: number, nextSequence: number, fault: JournalFault): DamagedFrame {
    this.#log.report(fault);
    const sequence = Math.max(from, this.#from);
    return { sequence, count: nextSequence - sequence, fault };
  }
}

function bodyFault(path: string, offset: number, { sequence, count, payloadBytes }: FrameHead): JournalFault {
  const text = `The payload does not agree with its checksum: events ${sequence} to ${
    sequence + count - 1
  } are lost`;
  return {
    kind: "damaged-body",
    path,
    offset,
    bytes: FRAME_HEAD_BYTES + payloadBytes,
    sequence,
    events: count,
    text,
  };
}
