import { type Column, EventBatch } from "../../core/mod.ts";
import { splitLines } from "../../core/lines.ts";
import { CommandError } from "../exit.ts";

/** Something that lines are read from. */
export interface LineInput {
  readonly name: string;
  read(into: Uint8Array): Promise<number | null>;
  /** What is at hand goes out at once, although the batch is not full: nobody knows when more comes. */
  readonly isPrompt: boolean;
}

/** What the batches are like. */
export interface LineBatchOptions {
  readonly maxEvents: number;
  readonly headers: ReadonlyMap<string, Column>;
}

const READ_BYTES = 256 * 1024;
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** Cuts an input into batches of lines, an event each; a carriage return before the newline is cut, as Flume does. */
export async function* lineBatches(
  input: LineInput,
  { maxEvents, headers }: LineBatchOptions,
): AsyncGenerator<EventBatch> {
  let rest = new Uint8Array(0);
  for (let isOpen = true; isOpen;) {
    const block = new Uint8Array(rest.length + READ_BYTES);
    block.set(rest);
    const read = await input.read(block.subarray(rest.length));
    isOpen = read !== null;
    const bytes = block.subarray(0, rest.length + (read ?? 0));
    const { consumedBytes, ...index } = splitLines(bytes, { cutReturn: true, last: !isOpen });
    const lines = new EventBatch({ ...index, block: bytes, headers });
    const whole = isOpen && !input.isPrompt ? lines.size - lines.size % maxEvents : lines.size;
    for (let from = 0; from < whole; from += maxEvents) {
      yield lines.slice(from, Math.min(from + maxEvents, whole));
    }
    rest = bytes.slice(whole < lines.size ? lines.starts[whole]! : consumedBytes);
    if (rest.length > MAX_LINE_BYTES) {
      throw new CommandError(`${input.name} has a line of more than ${MAX_LINE_BYTES} bytes`, {
        fix: "cut it, or let a spooldir source with a blob deserializer read the file",
      });
    }
  }
}
