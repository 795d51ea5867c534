import { Buffer } from "node:buffer";
import { BodyTexts, type EventBatch } from "sluice/plugin";

/** How bodies become text, and who changes it. */
export interface Rewrite {
  readonly charset: "utf8" | "latin1";
  /** The new text of a body; undefined leaves it as it is. */
  readonly change: (text: string) => string | undefined;
}

/** New texts by place; most places may be empty. */
type Changes = readonly (string | undefined)[];

/**
 * Gives the events new bodies where `change` does. Nothing changes: the same batch. Otherwise one new block, with the
 * bytes between and in the other events as they were, so that a batch of lines stays one.
 */
export function rewriteBodies(batch: EventBatch, { charset, change }: Rewrite): EventBatch {
  const texts = new BodyTexts(batch, charset === "latin1");
  const changed = new Array<string | undefined>(batch.size);
  let count = 0;
  for (let index = 0; index < batch.size; index++) {
    const text = changed[index] = change(texts.at(index));
    if (text !== undefined) count++;
  }
  if (count === 0) return batch;
  const joined = texts.allPlain && charset === "utf8" ? replaceAsText(batch, changed) : undefined;
  return joined ?? replaceAsBytes(batch, changed, charset === "utf8" ? encodeUtf8 : encodeLatin1);
}

/** Encodes all bodies at once; undefined when it turns out that not all of the new text is ASCII. */
function replaceAsText(batch: EventBatch, changed: Changes): EventBatch | undefined {
  const { text, base } = batch.latin1();
  const pieces: string[] = [];
  let copied = 0;
  const layout = indexBodies(batch, changed, (body, start, end) => {
    pieces.push(text.slice(copied, start - base), body);
    copied = end - base;
    return body.length;
  });
  // A batch of lines has a "\n" behind the last one too.
  pieces.push(text.slice(copied), "\n");
  const joined = pieces.join("");
  const block = ENCODER.encode(joined);
  return block.length === joined.length ? batch.withBodies({ block, ...layout }) : undefined;
}

function replaceAsBytes(
  batch: EventBatch,
  changed: Changes,
  encode: (text: string, target: Uint8Array) => number,
): EventBatch {
  const newChars = changed.reduce((sum, body) => sum + (body?.length ?? 0), 0);
  const block = new Uint8Array(batch.spanBytes + newChars * 3 + 1);
  let [copied, offset] = [batch.starts[0]!, 0];
  const copyUpTo = (end: number) => {
    block.set(batch.block.subarray(copied, end), offset);
    offset += end - copied;
  };
  const layout = indexBodies(batch, changed, (body, start, end) => {
    copyUpTo(start);
    const bytes = encode(body, block.subarray(offset));
    offset += bytes;
    copied = end;
    return bytes;
  });
  copyUpTo(batch.ends[batch.size - 1]!);
  block[offset++] = 10;
  return batch.withBodies({ block: block.subarray(0, offset), ...layout });
}

/** Where bodies lie once the changed ones are put in; `put` takes a new body and gives its length in bytes. */
function indexBodies(
  batch: EventBatch,
  changed: Changes,
  put: (body: string, start: number, end: number) => number,
) {
  const starts = new Uint32Array(batch.size);
  const ends = new Uint32Array(batch.size);
  let [shift, breaks] = [-(batch.starts[0] ?? 0), false];
  for (let index = 0; index < batch.size; index++) {
    const [start, end] = [batch.starts[index]!, batch.ends[index]!];
    starts[index] = start + shift;
    const body = changed[index];
    if (body !== undefined) {
      shift += put(body, start, end) - (end - start);
      breaks ||= body.includes("\n");
    }
    ends[index] = end + shift;
  }
  return { starts, ends, layout: breaks ? "packed" as const : batch.layout };
}

const ENCODER = new TextEncoder();

function encodeUtf8(text: string, target: Uint8Array): number {
  return ENCODER.encodeInto(text, target).written;
}

function encodeLatin1(text: string, target: Uint8Array): number {
  const bytes = Buffer.from(text.replace(/[\u{100}-\u{10ffff}]/gu, "?"), "latin1");
  target.set(bytes);
  return bytes.length;
}
