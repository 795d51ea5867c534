import type { Column, EventBatch } from "sluice/plugin";

/** Sets a header; with `preserveExisting` only where an event does not have it. */
export function fillHeader(
  batch: EventBatch,
  header: { readonly name: string; readonly preserveExisting: boolean },
  column: Column,
): EventBatch {
  const present = batch.headers.get(header.name);
  if (!header.preserveExisting || present === undefined) return batch.withHeader(header.name, column);
  if (typeof present === "string" || !present.includes(undefined)) return batch;
  const valueAt = (index: number) => typeof column === "string" ? column : column[index];
  return batch.withHeader(header.name, present.map((value, index) => value ?? valueAt(index)));
}
