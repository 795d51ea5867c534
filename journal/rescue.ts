import { copyFrames } from "./copy_frames.ts";
import { noteFrame, type OpenSegment, quietly } from "./open_segment.ts";
import type { Writer } from "./writer.ts";

/**
 * After a sync that failed nobody knows what of the segment is on disk, and a second sync would say that all is well. So
 * what is not known to be on disk is read back while the system still has it, written to a segment of its own, and synced
 * there. Appends go on meanwhile. When that fails, too, all that is not committed is refused.
 * @throws what went wrong.
 */
export async function rescue(writer: Writer): Promise<void> {
  let target: OpenSegment | undefined;
  try {
    target = writer.files.beginRescue(writer.timeMs, writer.state);
    await copyUnsynced(writer, target);
    const end = writer.switchTo(target);
    await target.sync();
    end();
  } catch (cause) {
    await writer.abandon(target, cause);
    throw cause;
  }
}

/** Copies until nothing is left; ends with the whole state, for what is committed may have been counted already. */
async function copyUnsynced(writer: Writer, target: OpenSegment): Promise<void> {
  const copied = new Map<OpenSegment, number>();
  const from = (open: OpenSegment) => copied.get(open) ?? Math.max(open.synced.offset, open.startBytes);
  for (;;) {
    const source = writer.files.open.find((open) => from(open) < open.bytes);
    if (source) copied.set(source, await copyFrames(source, from(source), target));
    else if (writer.isWaiting) quietly(() => writer.flush());
    else break;
  }
  const { nextSequence: sequence, timeMs, files: { syncedSequence } } = writer;
  target.write(
    [noteFrame({ snapshot: writer.tail }, { sequence, timeMs, syncedSequence, flags: 0 })],
    sequence,
  );
}
