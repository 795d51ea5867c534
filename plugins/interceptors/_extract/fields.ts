import type { Column, EventBatch, Pattern, PatternMatch } from "sluice/plugin";
import type { KnownTexts } from "./known_texts.ts";

/** A header that a group fills. */
export interface Field {
  readonly name: string;
  /** Makes the value of the group's text; nothing when it cannot. Absent: the text itself. */
  readonly convert?: (text: string) => string | undefined;
  readonly known: KnownTexts;
}

/** What is extracted, and from where. */
export interface Extraction {
  readonly pattern: Pattern;
  /** A header to look into instead of the body. */
  readonly header: string | undefined;
  /** For each group in order. */
  readonly fields: readonly Field[];
  readonly countFailures: (failures: number) => void;
}

/** Sets a header for each group where the pattern matches; other events keep what they have. */
export function extractGroups(batch: EventBatch, extraction: Extraction): EventBatch {
  const { pattern, header, fields, countFailures } = extraction;
  const columns = fields.map(({ name }) => startColumn(batch, name));
  let [matches, failures] = [0, 0];
  const take = (index: number, match: PatternMatch | null) => {
    if (match === null) return;
    matches++;
    for (let at = 0; at < fields.length; at++) {
      const text = match[at + 1];
      if (text === undefined) continue;
      const { convert, known } = fields[at]!;
      const value = convert ? convert(text) : known.keep(text);
      if (value === undefined) failures++;
      else columns[at]![index] = value;
    }
  };
  if (header === undefined) pattern.execAll(batch, take);
  else execHeader(batch, { pattern, header }, take);
  if (failures > 0) countFailures(failures);
  if (matches === 0) return batch;
  const headers = new Map<string, Column>(batch.headers);
  fields.forEach(({ name }, at) => headers.set(name, columns[at]!));
  return batch.with({ headers });
}

function startColumn(batch: EventBatch, name: string): (string | undefined)[] {
  const present = batch.headers.get(name);
  return typeof present === "object" ? present.slice() : new Array(batch.size).fill(present);
}

function execHeader(
  batch: EventBatch,
  { pattern, header }: { readonly pattern: Pattern; readonly header: string },
  take: (index: number, match: PatternMatch | null) => void,
): void {
  for (let index = 0; index < batch.size; index++) {
    const value = batch.header(index, header);
    if (value !== undefined) take(index, pattern.exec(value));
  }
}
