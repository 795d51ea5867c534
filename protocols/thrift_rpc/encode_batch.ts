import { CALL_KINDS, TYPES } from "./types.ts";
import { type ThriftWriter, writeFrame } from "./writer.ts";

/** Events by column, as a batch has them. */
export interface SentEvents {
  readonly size: number;
  readonly block: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly headers: ReadonlyMap<string, string | readonly (string | undefined)[]>;
}

/** Which call of its connection this is, and how headers are to be written. */
export interface BatchCall {
  readonly writer: ThriftWriter;
  readonly headers: HeaderRows;
  readonly sequence: number;
}

const { list, map, binary } = TYPES;

/** Writes the frame of one `appendBatch` with the events from one place up to (not with) another. */
export function writeBatch(
  { writer, headers, sequence }: BatchCall,
  { block, starts, ends }: SentEvents,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  writeFrame(writer, () => {
    writer.head({ kind: CALL_KINDS.call, name: "appendBatch", sequence });
    const outer = writer.enter();
    writer.field(list, 1);
    writer.structs(to - from);
    for (let index = from; index < to; index++) {
      const [start, end] = [starts[index]!, ends[index]!];
      const call = writer.enter();
      writer.field(map, 1);
      headers.write(index);
      writer.field(binary, 2);
      writer.length(end - start);
      writer.bytes.copy(block, start, end);
      writer.leave(call);
    }
    writer.leave(outer);
  });
}

interface Row {
  /** The name, with the value behind it when all events have the same. */
  readonly bytes: Uint8Array;
  readonly values: readonly (string | undefined)[] | undefined;
}

/** Writes the headers of single events; what all of them share is made into bytes once. */
export class HeaderRows {
  readonly #writer: ThriftWriter;
  readonly #rows: readonly Row[];
  /** All headers, when no event differs. */
  readonly #whole: Uint8Array | undefined;

  /** `spare` is a writer of the same protocol, whose content is lost. */
  constructor(headers: SentEvents["headers"], writer: ThriftWriter, spare: ThriftWriter) {
    this.#writer = writer;
    this.#rows = Array.from(headers, ([name, column]) => {
      const isShared = typeof column === "string";
      const bytes = encode(spare, () => {
        spare.text(name);
        if (isShared) spare.text(column);
      });
      return { bytes, values: isShared ? undefined : column };
    });
    if (this.#rows.some(({ values }) => values !== undefined)) return;
    this.#whole = encode(spare, () => {
      spare.texts(this.#rows.length);
      for (const { bytes } of this.#rows) spare.bytes.copy(bytes, 0, bytes.length);
    });
  }

  /** Writes the map of one event. */
  write(index: number): void {
    const writer = this.#writer;
    const whole = this.#whole;
    if (whole) return writer.bytes.copy(whole, 0, whole.length);
    let size = 0;
    for (const { values } of this.#rows) if (values === undefined || values[index] !== undefined) size++;
    writer.texts(size);
    for (const { bytes, values } of this.#rows) {
      const value = values?.[index];
      if (values !== undefined && value === undefined) continue;
      writer.bytes.copy(bytes, 0, bytes.length);
      if (value !== undefined) writer.text(value);
    }
  }
}

function encode(spare: ThriftWriter, write: () => void): Uint8Array {
  spare.bytes.reset();
  write();
  return spare.bytes.written.slice();
}
