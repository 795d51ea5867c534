import type { EventBatch } from "sluice/plugin";

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Flume counts UTF-16 characters with the newline; only what is long in bytes needs to be counted so. */
export class LineLimit {
  readonly maxChars: number;

  constructor(maxChars: number) {
    this.maxChars = maxChars;
  }

  /** Whether bytes without a newline can no longer become a line that is short enough. */
  isExceededBy(bytes: Uint8Array): boolean {
    return bytes.length >= this.maxChars && UTF8.decode(bytes).length >= this.maxChars;
  }

  /** Place of the first line that is too long; -1 when there is none. */
  firstTooLong(batch: EventBatch): number {
    const { size, starts, ends } = batch;
    for (let index = 0; index < size; index++) {
      if (ends[index]! - starts[index]! < this.maxChars) continue;
      if (this.isExceededBy(batch.body(index))) return index;
    }
    return -1;
  }
}
