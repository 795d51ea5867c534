import { Buffer } from "node:buffer";
import type { Lease } from "./block_pool.ts";
import { type BatchIdentity, sliceIdentity } from "./identity.ts";
import { joinBodies, joinHeaders, oldestMs } from "./join_batches.ts";
import { joinPositions, type Position } from "./position.ts";

/** One value for all events of a batch, or one value (or none) for each. */
export type Column = string | readonly (string | undefined)[];

/** One event as an object: comfortable, and as costly as an object for each event is. */
export interface Event {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * How bodies lie in the block. `dense`: one "\n" behind each body and nothing else between them; `sparse`: a "\n"
 * somewhere between two bodies, none inside a body; `packed`: nothing is known.
 */
export type BatchLayout = "dense" | "sparse" | "packed";

/** What a batch is made of; see the fields of `EventBatch`. */
export interface EventBatchInit {
  readonly block: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly size?: number;
  readonly layout?: BatchLayout;
  readonly headers?: ReadonlyMap<string, Column>;
  readonly position?: Position | undefined;
  readonly identity?: BatchIdentity | undefined;
  readonly bornMs?: number | undefined;
  readonly lease?: Lease | undefined;
}

const NO_HEADERS: ReadonlyMap<string, Column> = new Map();
const NO_INDEX = new Uint32Array(0);
const NO_PROGRESS: Position = {};
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The latin1 text of a run of bytes; an index in it plus `base` is an offset in the block. */
export interface BlockText {
  readonly text: string;
  readonly base: number;
}

/** An immutable run of events: all bodies in one block, headers by column. */
export class EventBatch implements Iterable<Event> {
  static readonly EMPTY = new EventBatch({ block: new Uint8Array(0), starts: NO_INDEX, ends: NO_INDEX });

  /** Events in the batch. */
  readonly size: number;
  /** The bodies, possibly with separators between them; a pooled block is longer than what the batch uses. */
  readonly block: Uint8Array;
  /** Offset in the block at which each body starts … */
  readonly starts: Uint32Array;
  /** … and the offset behind its last byte. Both may be longer than `size`. */
  readonly ends: Uint32Array;
  readonly layout: BatchLayout;
  readonly headers: ReadonlyMap<string, Column>;
  /** Where the source, or the durable channel that gave it, goes on after this batch. */
  readonly position: Position | undefined;
  /** Which events of its channel these are; set by the channel, and lost when single events are left out. */
  readonly identity: BatchIdentity | undefined;
  /** When the source emitted it, in epoch ms; the oldest time of a batch that was joined. */
  readonly bornMs: number | undefined;
  /** Set when the block belongs to a pool: the bytes are gone once the promise given for the batch settles. */
  readonly lease: Lease | undefined;
  #text: BlockText | undefined;

  constructor(init: EventBatchInit) {
    this.block = init.block;
    this.starts = init.starts;
    this.ends = init.ends;
    this.size = init.size ?? init.starts.length;
    this.layout = init.layout ?? "packed";
    this.headers = init.headers ?? NO_HEADERS;
    this.position = init.position;
    this.identity = init.identity;
    this.bornMs = init.bornMs;
    this.lease = init.lease;
  }

  /** Makes a batch from single events; meant for sources that get them one by one, and for tests. */
  static from(
    events: Iterable<{ headers?: Readonly<Record<string, string>>; body: Uint8Array | string }>,
  ): EventBatch {
    const list = Array.from(events);
    const bodies = list.map(({ body }) => typeof body === "string" ? Buffer.from(body, "utf8") : body);
    const batch = EventBatch.ofBodies(bodies);
    const names = new Set(list.flatMap(({ headers }) => Object.keys(headers ?? {})));
    const headers = new Map<string, Column>();
    for (const name of names) headers.set(name, list.map((event) => ownHeader(event.headers, name)));
    return headers.size === 0 ? batch : batch.with({ headers });
  }

  /** Copies bodies into one block. */
  static ofBodies(bodies: readonly Uint8Array[]): EventBatch {
    const starts = new Uint32Array(bodies.length);
    const ends = new Uint32Array(bodies.length);
    let offset = 0;
    for (let index = 0; index < bodies.length; index++) {
      starts[index] = offset;
      ends[index] = offset += bodies[index]!.length;
    }
    const block = new Uint8Array(offset);
    for (let index = 0; index < bodies.length; index++) block.set(bodies[index]!, starts[index]);
    return new EventBatch({ block, starts, ends });
  }

  /** Joins batches into one with a block of its own; the later position wins key by key. */
  static concat(batches: readonly EventBatch[]): EventBatch {
    if (batches.length === 1) return batches[0]!;
    const joined = joinBodies(batches);
    const position = batches.reduce<Position | undefined>(
      (sum, { position }) => joinPositions(sum, position),
      undefined,
    );
    const headers = joinHeaders(batches, joined.starts.length);
    return new EventBatch({ ...joined, headers, position, bornMs: oldestMs(batches) });
  }

  /** The bytes of one body: a view, not a copy. */
  body(index: number): Uint8Array {
    return this.block.subarray(this.starts[index], this.ends[index]);
  }

  /** One body as text (UTF-8, bad bytes become U+FFFD). */
  text(index: number): string {
    return UTF8.decode(this.body(index));
  }

  /** The value of one header of one event. */
  header(index: number, name: string): string | undefined {
    const column = this.headers.get(name);
    return typeof column === "object" ? column[index] : column;
  }

  /** Length of all bodies together in bytes, separators left out. */
  get bodyBytes(): number {
    let bytes = 0;
    for (let index = 0; index < this.size; index++) bytes += this.ends[index]! - this.starts[index]!;
    return bytes;
  }

  /** From the first body to the last in bytes: what holding this batch costs, without headers. */
  get spanBytes(): number {
    return this.size === 0 ? 0 : this.ends[this.size - 1]! - this.starts[0]!;
  }

  /** The batch as latin1 text, decoded once: one character for each byte, so that offsets agree. */
  latin1(): BlockText {
    return this.#text ??= this.#decode();
  }

  #decode(): BlockText {
    if (this.size === 0) return { text: "", base: 0 };
    const { buffer, byteOffset, length } = this.block;
    const base = this.starts[0]!;
    const text = Buffer.from(buffer, byteOffset, length).toString("latin1", base, this.ends[this.size - 1]!);
    return { text, base };
  }

  /** The same batch with some parts replaced; shares the rest. */
  with(change: Partial<EventBatchInit>): EventBatch {
    const { block, starts, ends } = this;
    const copy = new EventBatch({ ...this.#parts(), ...change });
    if (copy.block === block && copy.starts === starts && copy.ends === ends) copy.#text = this.#text;
    return copy;
  }

  #parts(): EventBatchInit {
    const { block, starts, ends, size, layout, headers, position, identity, bornMs, lease } = this;
    return { block, starts, ends, size, layout, headers, position, identity, bornMs, lease };
  }

  /** The same events with one header set; a value of a whole column replaces what was there. */
  withHeader(name: string, column: Column): EventBatch {
    return this.with({ headers: new Map(this.headers).set(name, column) });
  }

  /** The same events with new bodies, in a block of their own. */
  withBodies(bodies: Pick<EventBatchInit, "block" | "starts" | "ends" | "layout">): EventBatch {
    return this.with({ layout: "packed", ...bodies, size: this.size, lease: undefined });
  }

  /** Keeps the events for which `keep` is true, in order; bodies are not copied. The position stays. */
  filter(keep: (index: number) => boolean): EventBatch {
    const indexes = new Uint32Array(this.size);
    let count = 0;
    for (let index = 0; index < this.size; index++) if (keep(index)) indexes[count++] = index;
    return count === this.size ? this : this.select(indexes.subarray(0, count));
  }

  /** Keeps the events at these places, which ascend; bodies are not copied. The position stays. */
  select(indexes: Uint32Array): EventBatch {
    const starts = new Uint32Array(indexes.length);
    const ends = new Uint32Array(indexes.length);
    for (let at = 0; at < indexes.length; at++) {
      starts[at] = this.starts[indexes[at]!]!;
      ends[at] = this.ends[indexes[at]!]!;
    }
    const headers = mapColumns(this.headers, (column) => pick(column, indexes));
    const layout = this.layout === "dense" ? "sparse" : this.layout;
    return this.with({ starts, ends, size: indexes.length, headers, layout, identity: undefined });
  }

  /**
   * The events from one place up to (not with) another. Only the last slice keeps the position; the others get an empty
   * one, which says no more than that the source can send them again.
   */
  slice(from: number, to: number): EventBatch {
    if (from === 0 && to >= this.size) return this;
    const end = Math.min(to, this.size);
    return this.with({
      starts: this.starts.subarray(from, end),
      ends: this.ends.subarray(from, end),
      size: end - from,
      headers: mapColumns(this.headers, (column) => column.slice(from, end)),
      position: end === this.size ? this.position : this.position && NO_PROGRESS,
      identity: this.identity && sliceIdentity(this.identity, { from, to: end }),
    });
  }

  /** The same batch in memory of its own, for whoever keeps it past the promise it was given. */
  detach(): EventBatch {
    return this.with({ ...joinBodies([this]), size: this.size, lease: undefined });
  }

  /** One event as an object. */
  event(index: number): Event {
    const values = Array.from(this.headers.keys(), (name) => [name, this.header(index, name)] as const);
    const present = values.filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { headers: Object.fromEntries(present), body: this.body(index) };
  }

  *[Symbol.iterator](): Iterator<Event> {
    for (let index = 0; index < this.size; index++) yield this.event(index);
  }
}

/** A loop: `Array.from` with a callback takes several times as long. */
function pick(column: readonly (string | undefined)[], indexes: Uint32Array): (string | undefined)[] {
  const picked = new Array<string | undefined>(indexes.length);
  for (let at = 0; at < indexes.length; at++) picked[at] = column[indexes[at]!];
  return picked;
}

/** A header of a plain object, whose prototype has names of its own. */
function ownHeader(headers: Readonly<Record<string, string>> | undefined, name: string): string | undefined {
  return headers && Object.hasOwn(headers, name) ? headers[name] : undefined;
}

function mapColumns(
  headers: ReadonlyMap<string, Column>,
  change: (column: readonly (string | undefined)[]) => Column,
): ReadonlyMap<string, Column> {
  if (headers.size === 0) return headers;
  const changed = new Map<string, Column>();
  for (const [name, column] of headers) {
    changed.set(name, typeof column === "string" ? column : change(column));
  }
  return changed;
}
