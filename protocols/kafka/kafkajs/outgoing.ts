// Records on their way to the brokers, as kafkajs wants them: an object for each.
import { Buffer } from "node:buffer";
import type { Message } from "kafkajs";
import { type ProducePart, RecordsRefusedError, type RefusedPart, type TextColumn } from "../client.ts";
import { recordBytes } from "../records/batch_writer.ts";

/** One record, and whose it is; kafkajs takes no notice of what it does not know. */
export interface Outgoing extends Message {
  readonly partition: number;
  readonly sending: Sending;
  readonly part: ProducePart;
  readonly index: number;
  readonly bytes: number;
  readonly sentMs: number;
}

/** The records of one `send`, until each of them is confirmed or refused. */
export class Sending {
  /** Never unhandled: whoever sends may not look at it. */
  readonly delivered: Promise<void>;
  readonly #end = Promise.withResolvers<void>();
  readonly #refused = new Map<ProducePart, { indexes: number[]; reason: string }>();
  #left: number;

  constructor(size: number) {
    this.#left = size;
    this.delivered = this.#end.promise;
    this.delivered.catch(() => {});
    if (size === 0) this.#end.resolve();
  }

  /** Counts a record that the brokers have confirmed. */
  confirm(): void {
    if (--this.#left === 0) this.#finish();
  }

  /** Notes a record that the brokers will never take. */
  refuse(part: ProducePart, index: number, reason: string): void {
    const refused = this.#refused.get(part);
    if (refused) refused.indexes.push(index);
    else this.#refused.set(part, { indexes: [index], reason });
    this.confirm();
  }

  /** Gives up. */
  fail(cause: Error): void {
    this.#end.reject(cause);
  }

  #finish(): void {
    if (this.#refused.size === 0) return this.#end.resolve();
    const parts = Array.from(this.#refused, ([part, { indexes, reason }]): RefusedPart => {
      return { part, indexes: indexes.sort((one, other) => one - other), reason };
    });
    const count = parts.reduce((sum, { indexes }) => sum + indexes.length, 0);
    const [{ part, reason }] = parts as [RefusedPart];
    const text =
      `The brokers will never take ${count} of the records: ${reason} (first of ${part.topic}/${part.partition})`;
    this.#end.reject(new RecordsRefusedError(text, parts));
  }
}

/** Copies the records of a part; those above the limit are refused at once. */
export function copyPart(part: ProducePart, sending: Sending, maxRecordBytes: number): Outgoing[] {
  const { block, starts, ends, size } = part.bodies;
  if (size === 0) return [];
  const base = starts.subarray(0, size).reduce((least, start) => Math.min(least, start));
  const end = ends.subarray(0, size).reduce((greatest, end) => Math.max(greatest, end));
  const copy = Buffer.from(block.subarray(base, end));
  const sentMs = Date.now();
  const outgoing: Outgoing[] = [];
  for (let index = 0; index < size; index++) {
    const bytes = recordBytes(part, index);
    if (bytes > maxRecordBytes) {
      sending.refuse(
        part,
        index,
        `a record has ${bytes} bytes, and max.request.size allows ${maxRecordBytes}`,
      );
      continue;
    }
    const value = copy.subarray(starts[index]! - base, ends[index]! - base);
    outgoing.push({
      ...textsOf(part, index),
      value,
      partition: part.partition,
      sending,
      part,
      index,
      bytes,
      sentMs,
    });
  }
  return outgoing;
}

function textsOf(part: ProducePart, index: number): Pick<Message, "key" | "timestamp" | "headers"> {
  const { timestamps, headers } = part;
  const key = cell(part.keys, index) ?? null;
  // As text, because kafkajs takes the number 0 for none.
  const timestamp = String(typeof timestamps === "number" ? timestamps : timestamps[index]!);
  return headers?.size ? { key, timestamp, headers: headersOf(headers, index) } : { key, timestamp };
}

function headersOf(columns: ReadonlyMap<string, TextColumn>, index: number): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, column] of columns) {
    const value = cell(column, index);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

function cell(column: TextColumn | undefined, index: number): string | undefined {
  return typeof column === "object" ? column[index] : column;
}
