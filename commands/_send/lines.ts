import { CommandError } from "../exit.ts";

/** Some whole lines, each with its newline. */
export interface LineChunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lines: number;
}

/** How much a chunk may hold. */
export interface ChunkLimits {
  readonly maxLines: number;
  readonly maxBytes: number;
}

const READ_BYTES = 256 * 1024;
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 10;

/**
 * Cuts what some inputs hold into chunks of whole lines. What is at hand is given at once, so that lines of a pipe do
 * not wait for company; an unfinished line at the end of an input gets the newline that it lacks.
 */
export async function* lineChunks(
  inputs: AsyncIterable<{ read(into: Uint8Array): Promise<number | null>; readonly name: string }>,
  limits: ChunkLimits,
): AsyncGenerator<LineChunk> {
  for await (const input of inputs) {
    let buffer = new Uint8Array(READ_BYTES);
    let size = 0;
    for (;;) {
      if (size === buffer.length) buffer = grow(buffer, input.name);
      const read = await input.read(buffer.subarray(size));
      if (read === null) break;
      const end = buffer.subarray(size, size + read).lastIndexOf(NEWLINE) + 1;
      if (end > 0) yield* cut(buffer.slice(0, size + end), limits);
      if (end > 0) buffer.copyWithin(0, size + end, size + read);
      size = end > 0 ? read - end : size + read;
    }
    if (size === 0) continue;
    const last = new Uint8Array(size + 1);
    last.set(buffer.subarray(0, size));
    last[size] = NEWLINE;
    yield { bytes: last, lines: 1 };
  }
}

/** Cuts a chunk into two of about the same number of lines. */
export function halve({ bytes, lines }: LineChunk): readonly LineChunk[] {
  return [...cut(bytes, { maxLines: Math.ceil(lines / 2), maxBytes: Infinity })];
}

function* cut(bytes: Uint8Array<ArrayBuffer>, { maxLines, maxBytes }: ChunkLimits): Generator<LineChunk> {
  let [start, end, lines] = [0, 0, 0];
  while (end < bytes.length) {
    const next = bytes.indexOf(NEWLINE, end) + 1;
    if (lines > 0 && (lines === maxLines || next - start > maxBytes)) {
      yield { bytes: bytes.subarray(start, end), lines };
      [start, lines] = [end, 0];
    }
    end = next;
    lines++;
  }
  if (lines > 0) yield { bytes: bytes.subarray(start, end), lines };
}

function grow(buffer: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  if (buffer.length >= MAX_LINE_BYTES) {
    throw new CommandError(`${name} has a line of more than ${MAX_LINE_BYTES} bytes`, {
      fix: "cut it, or let a spooldir source with a blob codec read the file",
    });
  }
  const grown = new Uint8Array(Math.min(buffer.length * 4, MAX_LINE_BYTES));
  grown.set(buffer);
  return grown;
}
