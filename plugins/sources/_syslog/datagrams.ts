import { EventBatch } from "sluice/plugin";
import type { EventMaker } from "./event_maker.ts";
import type { Senders } from "./senders.ts";

const NEWLINE = 10;
const FIRST_BYTES = 65_536;

/** Collects datagrams until somebody takes them. */
export class Datagrams {
  readonly #maxBytes: number;
  readonly #senders: Senders;
  #block = new Uint8Array(FIRST_BYTES);
  #bytes = 0;
  #ends: number[] = [];
  #addresses: string[] = [];

  constructor(maxBytes: number, senders: Senders) {
    this.#maxBytes = maxBytes;
    this.#senders = senders;
  }

  /** Copies what Flume takes of a datagram: its first line that is not empty. */
  add(datagram: Uint8Array, sender: { readonly hostname: string }): "kept" | "empty" | "full" {
    let start = 0;
    while (datagram[start] === NEWLINE) start++;
    if (start === datagram.length) return "empty";
    const newline = datagram.indexOf(NEWLINE, start);
    const line = datagram.subarray(start, newline < 0 ? datagram.length : newline);
    if (!this.#makeRoom(line.length + 1)) return "full";
    this.#block.set(line, this.#bytes);
    this.#ends.push(this.#bytes += line.length);
    this.#block[this.#bytes++] = NEWLINE;
    if (this.#senders.areAsked) this.#addresses.push(sender.hostname);
    return "kept";
  }

  /** Gives what was collected as events in memory of their own, and starts anew. */
  async take(maker: EventMaker): Promise<EventBatch> {
    if (this.#ends.length === 0) return EventBatch.EMPTY;
    const ends = Uint32Array.from(this.#ends);
    const starts = new Uint32Array(ends.length);
    for (let index = 1; index < ends.length; index++) starts[index] = ends[index - 1]! + 1;
    const block = this.#block.slice(0, this.#bytes);
    const addresses = this.#addresses;
    [this.#bytes, this.#ends, this.#addresses] = [0, [], []];
    const headers = await this.#senders.headersOf(addresses);
    const frames = { starts, ends, size: ends.length, layout: "dense", consumedBytes: block.length } as const;
    return maker.make({ block, frames, endsAtNewline: true, headers });
  }

  #makeRoom(bytes: number): boolean {
    const needed = this.#bytes + bytes;
    if (needed > this.#maxBytes) return false;
    if (needed <= this.#block.length) return true;
    const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, this.#block.length * 2)));
    grown.set(this.#block.subarray(0, this.#bytes));
    this.#block = grown;
    return true;
  }
}
