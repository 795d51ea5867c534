import { Buffer } from "node:buffer";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { DeliveryError, type Position } from "sluice/plugin";
import type { GroupNote } from "../../../protocols/kafka/client.ts";

// A position is kept as the offsets of a consumer group, which a transaction commits together with its records: its JSON
// stands in their metadata, deflated where it is long, cut into pieces over the partitions of a topic. All pieces of a position
// have the same offset, a number that grows with each commit, so that what an earlier, longer one left is known as such.
//
//   partition 0  offset 7  metadata "sluice 2 deflate 7Vbb…"
//   partition 1  offset 7  metadata "…kR8="
//   partition 2  offset 5  left over

/** The brokers allow 4,096 bytes (offset.metadata.max.bytes). */
const PIECE_CHARS = 4000;
const HEAD = /^sluice (\d{1,6}) (json|deflate) /;
/** A position is never that long. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/** A position, and the number of the commit that kept it. */
export interface NotedPosition {
  readonly position: Position;
  readonly sequence: number;
}

/**
 * Makes the notes that keep a position. The brokers take them only for partitions that the topic has.
 * @throws {DeliveryError} when these are too few.
 */
export function positionNotes(
  { position, sequence }: NotedPosition,
  { topic, count }: { readonly topic: string; readonly count: number },
): readonly GroupNote[] {
  const json = asciiJson(position);
  const isShort = json.length <= PIECE_CHARS;
  const text = isShort ? json : deflateRawSync(json).toString("base64");
  const pieces: string[] = [];
  for (let from = 0; from < text.length; from += PIECE_CHARS) {
    pieces.push(text.slice(from, from + PIECE_CHARS));
  }
  if (pieces.length > count) {
    const fix = "put a file channel in front of the sink, or name a topic with so many in positionTopic";
    throw new DeliveryError(
      `The position needs ${pieces.length} partitions of topic "${topic}", which has ${count}: ${fix}`,
    );
  }
  const head = `sluice ${pieces.length} ${isShort ? "json" : "deflate"} `;
  return pieces.map((piece, partition) => ({
    topic,
    partition,
    offset: sequence,
    metadata: partition === 0 ? head + piece : piece,
  }));
}

/**
 * Reads the position that notes keep; undefined where there is none.
 * @throws {SyntaxError} when they hold something else, or not all of it.
 */
export function notedPosition(notes: readonly GroupNote[], group: string): NotedPosition | undefined {
  const byPartition = new Map(notes.map((note) => [note.partition, note]));
  const first = byPartition.get(0);
  if (!first) return undefined;
  const fault = `Consumer group "${group}" holds no position of this sink: choose another transactional.id`;
  const [head, count, form] = HEAD.exec(first.metadata) ?? [];
  if (head === undefined) {
    throw new SyntaxError(`${fault} (metadata ${JSON.stringify(first.metadata.slice(0, 40))})`);
  }
  const pieces = Array.from({ length: Number(count) }, (_, partition) => byPartition.get(partition));
  const lost = pieces.findIndex((piece) => piece?.offset !== first.offset);
  if (lost >= 0) throw new SyntaxError(`${fault} (piece ${lost + 1} of ${count} is not there)`);
  const text = pieces.map((piece) => piece!.metadata).join("").slice(head.length);
  return {
    position: JSON.parse(form === "json" ? text : inflated(text)) as Position,
    sequence: first.offset,
  };
}

function inflated(text: string): string {
  const bytes = inflateRawSync(Buffer.from(text, "base64"), { maxOutputLength: MAX_INFLATED_BYTES });
  return bytes.toString("latin1");
}

/** Characters are then bytes, wherever the text is cut. */
function asciiJson(position: Position): string {
  return JSON.stringify(position).replace(
    /[^\x20-\x7E]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
