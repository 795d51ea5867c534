import type { BatchLayout, Column, EventBatch } from "./event_batch.ts";

/** Copies the bytes from first to last body of each batch behind one another, a "\n" after each batch where layouts allow. */
export function joinBodies(batches: readonly EventBatch[]) {
  const size = batches.reduce((sum, batch) => sum + batch.size, 0);
  const block = new Uint8Array(batches.reduce((sum, batch) => sum + batch.spanBytes + 1, 0));
  const starts = new Uint32Array(size);
  const ends = new Uint32Array(size);
  let [at, offset] = [0, 0];
  for (const batch of batches) {
    if (batch.size === 0) continue;
    const base = batch.starts[0]!;
    block.set(batch.block.subarray(base, base + batch.spanBytes), offset);
    for (let index = 0; index < batch.size; index++, at++) {
      starts[at] = batch.starts[index]! - base + offset;
      ends[at] = batch.ends[index]! - base + offset;
    }
    offset += batch.spanBytes;
    block[offset++] = 10;
  }
  return { block: block.subarray(0, offset), starts, ends, size, layout: joinLayouts(batches) };
}

function joinLayouts(batches: readonly EventBatch[]): BatchLayout {
  if (batches.every(({ layout }) => layout === "dense")) return "dense";
  return batches.some(({ layout }) => layout === "packed") ? "packed" : "sparse";
}

/** The columns of all batches, each as long as all of them together. */
export function joinHeaders(batches: readonly EventBatch[], size: number): ReadonlyMap<string, Column> {
  const names = new Set<string>();
  for (const { headers } of batches) for (const name of headers.keys()) names.add(name);
  const joined = new Map<string, Column>();
  for (const name of names) joined.set(name, joinColumn(batches, name, size));
  return joined;
}

function joinColumn(batches: readonly EventBatch[], name: string, size: number): Column {
  const first = batches[0]!.headers.get(name);
  if (typeof first === "string" && batches.every(({ headers }) => headers.get(name) === first)) return first;
  const values = new Array<string | undefined>(size);
  let at = 0;
  for (const batch of batches) {
    for (let index = 0; index < batch.size; index++) values[at++] = batch.header(index, name);
  }
  return values;
}

/** The birth of the oldest batch, in epoch ms; undefined when none has one. */
export function oldestMs(batches: readonly EventBatch[]): number | undefined {
  let earliestMs: number | undefined;
  for (const { bornMs } of batches) {
    if (bornMs !== undefined && (earliestMs === undefined || bornMs < earliestMs)) earliestMs = bornMs;
  }
  return earliestMs;
}
