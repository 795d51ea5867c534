import { BlockPool, type Column, EventBatch, type Lease, splitLines } from "sluice/plugin";
import { sampleBytes, type SampleName } from "../support/samples.ts";

/** A batch as plain data, so that two can be compared whatever blocks they lie in. */
export interface PlainBatch {
  readonly bodies: readonly string[];
  readonly headers: readonly Readonly<Record<string, string>>[];
  readonly position: unknown;
}

/** The lines of a sample as one batch, as a source that reads files makes it. */
export function sampleBatch(name: SampleName, maxLines = 64): EventBatch {
  const block = sampleBytes(name);
  const { consumedBytes: _, ...index } = splitLines(block, { last: true });
  return new EventBatch({ block, ...index }).slice(0, maxLines);
}

/** Batches of all manners: dense, sparse and packed, with and without headers and position, text and not. */
export function sampleBatches(): EventBatch[] {
  const access = sampleBatch("access.log");
  const statuses = Array.from(
    { length: access.size },
    (_, index) => index % 3 === 0 ? undefined : `${200 + index}`,
  );
  return [
    access.with({ position: { "2049:1311": 9876 } }),
    access.withHeader("status", statuses).withHeader("host", "web01").filter((index) => index % 2 === 0),
    sampleBatch("application.log").withHeader("basename", "application.log"),
    sampleBatch("events.jsonl"),
    sampleBatch("empty_lines.txt"),
    sampleBatch("crlf.txt"),
    sampleBatch("invalid_utf8.log").with({ position: { "2049:1312": 216 } }),
    sampleBatch("nul_bytes.log"),
    EventBatch.from([{ headers: { branch: "köln-süd" }, body: "Book 1482 is reserved\nfor Anna" }, {
      body: "",
    }]),
  ];
}

/** The batch as data that has nothing to do with its block any more. */
export function plain(batch: EventBatch): PlainBatch {
  const events = Array.from(batch);
  return {
    bodies: events.map(({ body }) => latin1(body)),
    headers: events.map(({ headers }) => headers),
    position: batch.position === undefined ? undefined : { ...batch.position },
  };
}

/** Bytes as text, one character for each. */
export function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The columns themselves, to see whether somebody wrote into them. */
export function columnsOf(batch: EventBatch): [string, Column][] {
  return [...batch.headers].map((
    [name, column],
  ) => [name, typeof column === "string" ? column : [...column]]);
}

/** A batch in a pooled block, with other bytes in front of and behind it, as a busy source leaves them. */
export class PooledBatch {
  readonly batch: EventBatch;
  readonly #lease: Lease;

  constructor(original: EventBatch) {
    const pool = new BlockPool({ blockBytes: original.spanBytes + 2048, maxBlocks: 1 });
    this.#lease = pool.lease() as Lease;
    const { block } = this.#lease;
    block.fill(0x23);
    const base = original.starts[0] ?? 0;
    const shift = 1024 - base;
    block.set(original.block.subarray(base, base + original.spanBytes), 1024);
    if (original.layout === "dense") block[1024 + original.spanBytes] = 10;
    this.batch = original.with({
      block,
      starts: original.starts.slice(0, original.size).map((start) => start + shift),
      ends: original.ends.slice(0, original.size).map((end) => end + shift),
      lease: this.#lease,
    });
  }

  /** What happens to the bytes once the block is used again. */
  overwrite(): void {
    this.#lease.block.fill(0x58);
  }
}

/** Says whether columns, index and block of a batch fit each other; throws when they do not. */
export function checkShape(batch: EventBatch): void {
  const { size, starts, ends, block } = batch;
  if (starts.length < size || ends.length < size) {
    throw new Error(`${size} events, but an index of ${starts.length}`);
  }
  for (let index = 0, last = 0; index < size; index++) {
    const [start, end] = [starts[index]!, ends[index]!];
    if (start < last || end < start || end > block.length) {
      throw new Error(`Body ${index} lies at ${start} to ${end}, behind ${last}, in ${block.length} bytes`);
    }
    last = end;
  }
  for (const [name, column] of batch.headers) {
    if (typeof column === "string" || column.length === size) continue;
    throw new Error(`Column "${name}" has ${column.length} values for ${size} events`);
  }
}
