// All numbers are little-endian. Numbers of 64 bits hold integers below 2^53.
// A segment is its head, then frames without a gap. Frames of one append form a group: all but the last have the flag
// "more", and a group that is not whole was never committed.
import { crc32 } from "node:zlib";

export const FRAME_HEAD_BYTES = 64;
export const SEGMENT_HEAD_BYTES = 64;
export const FORMAT_VERSION = 1;

/** First four bytes of a frame, "SFRM". */
export const FRAME_MAGIC = 0x4d524653;
const SEGMENT_MAGIC = 0x47455353;
/** No payload is longer; a length beyond it is damage. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024 * 1024;

export const KIND_EVENTS = 1;
export const KIND_NOTE = 2;
/** Frame flag: the next frame belongs to the same group. */
export const FLAG_MORE = 1;

const CRC_OFFSET = 60;
const TWO_32 = 2 ** 32;

/** What stands in front of every payload. */
export interface FrameHead {
  /** Length of the payload as it is stored. */
  readonly payloadBytes: number;
  /** 1: events, 2: a note. */
  readonly kind: number;
  /** 1: more frames of the group follow, 2: zstd, 4: sealed. */
  readonly flags: number;
  /** Events in the payload; 0 for a note, but for one that a repair has put in place of lost events. */
  readonly count: number;
  /** Sequence of the first event, or of the next one for a note. */
  readonly sequence: number;
  /** When it was put, in milliseconds since 1970; never less than in the frame before. */
  readonly timeMs: number;
  /** Channels 0–31, one bit each. */
  readonly lowChannels: number;
  /** Channels 32–63. */
  readonly highChannels: number;
  /** Everything below this sequence was known to be on disk when the frame was written. */
  readonly syncedSequence: number;
  readonly payloadCrc: number;
  /** 0 when no key was used. */
  readonly keyId: number;
}

/** What stands at the start of every segment. */
export interface SegmentHead {
  readonly journalId: string;
  readonly firstSequence: number;
  readonly timeMs: number;
  /** How many segments were begun before it; a later one takes the place of frames from its first sequence on. */
  readonly number: number;
  /** The number of the segment in front of it when it was begun; its own when there was none. */
  readonly previousNumber: number;
}

/*
 * 0      4        8    9     10  12    16        24     32        40      48           52      56  60
 * │magic │payload │kind│flags│   │count│sequence │time  │channels │synced │payload CRC │key id │   │CRC of 0–59│
 */

/** Writes a head into the first 64 bytes of `into`. */
export function encodeFrameHead(head: FrameHead, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, FRAME_HEAD_BYTES);
  view.setUint32(0, FRAME_MAGIC, true);
  view.setUint32(4, head.payloadBytes, true);
  view.setUint32(8, head.kind | head.flags << 8, true);
  view.setUint32(12, head.count, true);
  setNumber(view, 16, head.sequence);
  setNumber(view, 24, head.timeMs);
  view.setUint32(32, head.lowChannels, true);
  view.setUint32(36, head.highChannels, true);
  setNumber(view, 40, head.syncedSequence);
  view.setUint32(48, head.payloadCrc, true);
  view.setUint32(52, head.keyId, true);
  view.setUint32(56, 0, true);
  view.setUint32(CRC_OFFSET, crc32(into.subarray(0, CRC_OFFSET)), true);
}

/** Reads the head that begins at `offset`; undefined when no intact head stands there. */
export function decodeFrameHead(bytes: Uint8Array, offset = 0): FrameHead | undefined {
  if (offset + FRAME_HEAD_BYTES > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, FRAME_HEAD_BYTES);
  if (view.getUint32(0, true) !== FRAME_MAGIC) return undefined;
  if (view.getUint32(CRC_OFFSET, true) !== crc32(bytes.subarray(offset, offset + CRC_OFFSET))) {
    return undefined;
  }
  const payloadBytes = view.getUint32(4, true);
  const kind = view.getUint8(8);
  if (payloadBytes > MAX_PAYLOAD_BYTES || (kind !== KIND_EVENTS && kind !== KIND_NOTE)) return undefined;
  return {
    payloadBytes,
    kind,
    flags: view.getUint8(9),
    count: view.getUint32(12, true),
    sequence: getNumber(view, 16),
    timeMs: getNumber(view, 24),
    lowChannels: view.getUint32(32, true),
    highChannels: view.getUint32(36, true),
    syncedSequence: getNumber(view, 40),
    payloadCrc: view.getUint32(48, true),
    keyId: view.getUint32(52, true),
  };
}

/** Sets or clears a flag in a head that is written already. */
export function changeMoreFlag(head: Uint8Array, isMore: boolean): void {
  head[9] = isMore ? head[9]! | FLAG_MORE : head[9]! & ~FLAG_MORE;
  const view = new DataView(head.buffer, head.byteOffset, FRAME_HEAD_BYTES);
  view.setUint32(CRC_OFFSET, crc32(head.subarray(0, CRC_OFFSET)), true);
}

/** True when a frame is meant for the channel with this id. */
export function hasChannel(head: Pick<FrameHead, "lowChannels" | "highChannels">, id: number): boolean {
  return ((id < 32 ? head.lowChannels : head.highChannels) >>> (id & 31) & 1) === 1;
}

/** The bits of a set of channel ids. */
export function channelBits(ids: readonly number[]): { lowChannels: number; highChannels: number } {
  let lowChannels = 0;
  let highChannels = 0;
  for (const id of ids) {
    if (id < 32) lowChannels |= 1 << id;
    else highChannels |= 1 << (id - 32);
  }
  return { lowChannels: lowChannels >>> 0, highChannels: highChannels >>> 0 };
}

/*
 * 0      4        8           16              24    32      40                48  60
 * │magic │version │journal id │first sequence │time │number │previous number │   │CRC of 0–59│
 */

/** The 64 bytes at the start of a segment. */
export function encodeSegmentHead(head: SegmentHead): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEAD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, SEGMENT_MAGIC, true);
  view.setUint32(4, FORMAT_VERSION, true);
  view.setBigUint64(8, BigInt(`0x${head.journalId}`), true);
  setNumber(view, 16, head.firstSequence);
  setNumber(view, 24, head.timeMs);
  setNumber(view, 32, head.number);
  setNumber(view, 40, head.previousNumber);
  view.setUint32(CRC_OFFSET, crc32(bytes.subarray(0, CRC_OFFSET)), true);
  return bytes;
}

/** Reads the head of a segment; a number when it is whole but of that other format version; undefined when damaged. */
export function decodeSegmentHead(bytes: Uint8Array): SegmentHead | number | undefined {
  if (bytes.length < SEGMENT_HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEAD_BYTES);
  if (view.getUint32(0, true) !== SEGMENT_MAGIC) return undefined;
  if (view.getUint32(CRC_OFFSET, true) !== crc32(bytes.subarray(0, CRC_OFFSET))) return undefined;
  const version = view.getUint32(4, true);
  if (version !== FORMAT_VERSION) return version;
  return {
    journalId: view.getBigUint64(8, true).toString(16).padStart(16, "0"),
    firstSequence: getNumber(view, 16),
    timeMs: getNumber(view, 24),
    number: getNumber(view, 32),
    previousNumber: getNumber(view, 40),
  };
}

function setNumber(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % TWO_32, true);
  view.setUint32(offset + 4, Math.floor(value / TWO_32), true);
}

function getNumber(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * TWO_32;
}
