import type { SequenceRows } from "../../../../protocols/hadoop/sequence_rows.ts";
import { ByteWriter } from "../../../../protocols/byte_writer.ts";
import { writeInt } from "../../../../protocols/hadoop/numbers.ts";

// Rows in the stage, one behind another, so that any number of them can be cut off the end:
//   4 bytes of the row, the big end first · the row

const LENGTH_BYTES = 4;

/** Writes the rows of one batch; `write` puts down one of them. */
export function stageRows(
  size: number,
  writer: ByteWriter,
  write: (index: number) => void,
): readonly Uint8Array[] {
  writer.reset();
  for (let index = 0; index < size; index++) {
    const start = writer.length;
    writer.reserve(LENGTH_BYTES);
    writer.advance(start + LENGTH_BYTES);
    write(index);
    writeInt(writer.reserve(0), start, writer.length - start - LENGTH_BYTES);
  }
  return size === 0 ? [] : [writer.written];
}

/**
 * Reads rows back, as many at a time as have come; they stay until the next ones are asked for. Of a row that is longer
 * than what comes at once all is kept until it is whole.
 * @throws {SyntaxError} when the bytes end within a row.
 */
export async function* readRows(staged: AsyncIterable<Uint8Array>): AsyncGenerator<SequenceRows> {
  const kept = new ByteWriter();
  let offset = 0;
  for await (const piece of staged) {
    kept.copy(piece, 0, piece.length);
    const bytes = kept.written;
    const rows = wholeRows(bytes);
    if (rows.size === 0) continue;
    yield rows;
    const end = rows.ends[rows.size - 1]!;
    const rest = bytes.slice(end);
    offset += end;
    kept.reset();
    kept.copy(rest, 0, rest.length);
  }
  if (kept.length > 0) {
    throw new SyntaxError(
      `The staged file ends within the row that begins at byte ${offset} behind its first line; if that was never ` +
        `delivered (a damaged manifest), stop, and cut it off: truncate -s -${kept.length} FILE`,
    );
  }
}

function wholeRows(block: Uint8Array): SequenceRows {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const [starts, ends]: [number[], number[]] = [[], []];
  for (let at = 0; at + LENGTH_BYTES <= block.length;) {
    const end = at + LENGTH_BYTES + view.getUint32(at);
    if (end > block.length) break;
    starts.push(at + LENGTH_BYTES);
    ends.push(end);
    at = end;
  }
  return { block, starts: Uint32Array.from(starts), ends: Uint32Array.from(ends), size: starts.length };
}
