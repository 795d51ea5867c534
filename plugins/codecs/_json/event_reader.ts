import { EventBatch } from "sluice/plugin";
import { parseJsonEvent, parseJsonEvents, type TextEvent } from "../../../protocols/flume_json.ts";

/**
 * Reads Flume's JSON: an array of `{"headers": {…}, "body": "…"}`.
 * @throws {SyntaxError} for anything else, a single object too.
 */
export function readArray(text: string): EventBatch {
  return batchOf(parseJsonEvents(text));
}

/**
 * Reads one event object from each line; blank lines mean nothing.
 * @throws {SyntaxError} with the byte offset of the line that is none.
 */
export function readLines(lines: EventBatch, baseOffset: number): EventBatch {
  const events: TextEvent[] = [];
  for (let index = 0; index < lines.size; index++) {
    const text = lines.text(index);
    if (text.trim() === "") continue;
    events.push(parseJsonEvent(text, `The line at byte ${baseOffset + lines.starts[index]!}`));
  }
  return batchOf(events);
}

function batchOf(events: readonly TextEvent[]): EventBatch {
  return EventBatch.from(events.map(({ headers, body }) => headers ? { headers, body } : { body }));
}
