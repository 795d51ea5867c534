import { type Column, EventBatch } from "sluice/plugin";

const NEWLINE = 10;
const FIRST_BYTES = 65_536;

/** Collects the first lines of datagrams until somebody takes them. */
export class Datagrams {
  readonly #maxBytes: number;
  readonly #addressHeader: string | undefined;
  #block = new Uint8Array(FIRST_BYTES);
  #bytes = 0;
  #ends: number[] = [];
  #addresses: string[] = [];

  constructor(maxBytes: number, addressHeader: string | undefined) {
    this.#maxBytes = maxBytes;
    this.#addressHeader = addressHeader;
  }

  /** Copies the first line of a datagram; false when there is no more room. */
  add(datagram: Uint8Array, sender: { readonly hostname: string; readonly port: number }): boolean {
    const newline = datagram.indexOf(NEWLINE);
    const line = newline < 0 ? datagram : datagram.subarray(0, newline);
    if (!this.#hasRoom(line.length + 1)) return false;
    this.#block.set(line, this.#bytes);
    this.#ends.push(this.#bytes += line.length);
    this.#block[this.#bytes++] = NEWLINE;
    if (this.#addressHeader !== undefined) this.#addresses.push(`/${sender.hostname}:${sender.port}`);
    return true;
  }

  /** Gives what was collected as a batch in memory of its own, and starts anew. */
  take(): EventBatch {
    if (this.#ends.length === 0) return EventBatch.EMPTY;
    const ends = Uint32Array.from(this.#ends);
    const starts = new Uint32Array(ends.length);
    for (let index = 1; index < ends.length; index++) starts[index] = ends[index - 1]! + 1;
    const headers = new Map<string, Column>();
    if (this.#addressHeader !== undefined) headers.set(this.#addressHeader, this.#addresses);
    const block = this.#block.slice(0, this.#bytes);
    [this.#bytes, this.#ends, this.#addresses] = [0, [], []];
    return new EventBatch({ block, starts, ends, headers, layout: "dense" });
  }

  #hasRoom(bytes: number): boolean {
    const needed = this.#bytes + bytes;
    if (needed > this.#maxBytes) return false;
    if (needed <= this.#block.length) return true;
    const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, this.#block.length * 2)));
    grown.set(this.#block.subarray(0, this.#bytes));
    this.#block = grown;
    return true;
  }
}
