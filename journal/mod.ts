export { denoDisk, type Disk, type DiskFile } from "./disk.ts";
export { JournalError, type JournalFault, type JournalFaultKind } from "./fault.ts";
export { type JournalOptions, type Retention, type SyncMode } from "./options.ts";
export { Journal } from "./journal.ts";
export { type Start, type Target } from "./channels.ts";
export { isSealed, openPayload } from "./sealed.ts";
export { type Appended, type NewFrame } from "./group.ts";
export { type DamagedFrame, type JournalReader, type ReadFrame } from "./reader.ts";
export { type ChannelState, emptyState, fold, type JournalState, type Note, type Offsets } from "./state.ts";
export { makeSeal, OPEN_ONLY, parseKeyFile, type Seal, type SealKey, type SealOptions } from "./seal.ts";
export {
  channelBits,
  decodeFrameHead,
  decodeSegmentHead,
  encodeFrameHead,
  encodeSegmentHead,
  FLAG_MORE,
  FORMAT_VERSION,
  FRAME_HEAD_BYTES,
  type FrameHead,
  hasChannel,
  KIND_EVENTS,
  KIND_NOTE,
  MAX_PAYLOAD_BYTES,
  SEGMENT_HEAD_BYTES,
  type SegmentHead,
} from "./format.ts";
export { type Listing, listSegments, readSegmentHead, type SegmentFile } from "./segment.ts";
export { decodeNote, encodeNote } from "./note.ts";
export { readPayload, type ScannedFrame, type ScannedHole, scanSegment } from "./scan.ts";
export { type Checkpoint, readCheckpoint } from "./checkpoint.ts";
