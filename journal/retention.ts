import { quietly } from "./open_segment.ts";
import type { JournalOptions } from "./options.ts";
import type { Recovery } from "./recovery.ts";

/** Removes segments from the start of the log that all channels have passed for good, and that are kept no longer. */
export function removeDelivered(
  { disk, segments }: Pick<Recovery, "disk" | "segments">,
  { retention, now = Date.now }: Pick<JournalOptions, "retention" | "now">,
  lowestCursor: number,
): void {
  const { all } = segments;
  const endIndex = all.findIndex((_, index) => {
    const next = all[index + 1];
    return next === undefined || next.firstSequence > lowestCursor || !next.isSynced;
  });
  let bytes = all.slice(0, endIndex).reduce((sum, segment) => sum + segment.bytes, 0);
  for (let index = 0; index < endIndex; index++) {
    const ageMs = now() - all[index + 1]!.timeMs;
    const { ms = Infinity, bytes: maxBytes = Infinity } = retention ?? {};
    const isKept = retention !== undefined && ageMs < ms && bytes <= maxBytes;
    if (isKept) return;
    const segment = all[index]!;
    bytes -= segment.bytes;
    segments.remove(segment);
    quietly(() => disk.remove(segment.path));
  }
}

/** True when a segment could go if the cursors were known to the disk. */
export function waitsForSync(
  { segments: { all } }: Pick<Recovery, "segments">,
  { lowest, lowestDurable }: { readonly lowest: number; readonly lowestDurable: number },
): boolean {
  const next = all[1];
  return next !== undefined && next.firstSequence <= lowest &&
    (next.firstSequence > lowestDurable || !next.isSynced);
}
