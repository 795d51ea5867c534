import type { Disk } from "./disk.ts";
import type { JournalFault } from "./fault.ts";
import type { SegmentList } from "./segment_list.ts";
import type { JournalState } from "./state.ts";

/** What recovery finds out, step by step; the journal goes on from it. */
export interface Recovery {
  readonly disk: Disk;
  readonly faults: JournalFault[];
  readonly segments: SegmentList;
  journalId: string;
  state: JournalState;
  /** Where the log ends. */
  nextSequence: number;
  /** Everything below was on disk before the journal was opened: what is missing there is damage, not a torn tail. */
  syncedSequence: number;
  /** Put time of the last frame. */
  timeMs: number;
  /** Of the next segment. */
  nextNumber: number;
  /** The end of the log was written again, so that a checkpoint would say more than the log does. */
  isRewritten: boolean;
}
