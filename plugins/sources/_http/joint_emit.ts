import { Buffer } from "node:buffer";
import { type BatchLayout, type Column, type Emit, EventBatch } from "sluice/plugin";
import type { RequestEvents } from "./formats.ts";
import type { TextEvent } from "../../../protocols/flume_json.ts";

/** A request that waits for the fate of its events. */
export interface Waiting {
  accepted(): void;
  refused(cause: unknown): void;
}

const UTF8 = new TextEncoder();
/** From so many bytes a batch travels alone: copying it into a joint one would cost more than it saves. */
const ALONE_BYTES = 16 * 1024;

/**
 * Emits the events of all requests that wait in one batch, at most once a turn of the event loop and only when the
 * pipeline wants more. All requests of a batch share its fate.
 */
export class JointEmit {
  readonly #emit: Emit;
  #texts: TextEvent[] = [];
  #textsFrom: Waiting[] = [];
  #batches: EventBatch[] = [];
  #batchesFrom: Waiting[] = [];
  #isScheduled = false;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Takes the events of one request over. */
  add(events: RequestEvents, waiting: Waiting): void {
    if ((events instanceof EventBatch ? events.size : events.length) === 0) return waiting.accepted();
    if (events instanceof EventBatch) {
      this.#batches.push(events);
      this.#batchesFrom.push(waiting);
    } else {
      for (let index = 0; index < events.length; index++) this.#texts.push(events[index]!);
      this.#textsFrom.push(waiting);
    }
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#whenReady);
  }

  readonly #whenReady = (): void => {
    this.#emit.ready.then(this.#flush);
  };

  readonly #flush = (): void => {
    this.#isScheduled = false;
    const [texts, textsFrom] = [this.#texts, this.#textsFrom];
    const [batches, batchesFrom] = [this.#batches, this.#batchesFrom];
    if (textsFrom.length > 0) {
      [this.#texts, this.#textsFrom] = [[], []];
      this.#send(textBatch(texts), textsFrom);
    }
    if (batchesFrom.length > 0) {
      [this.#batches, this.#batchesFrom] = [[], []];
      this.#sendBatches(batches, batchesFrom);
    }
  };

  #sendBatches(batches: readonly EventBatch[], from: readonly Waiting[]): void {
    const isSmall = batches.map(({ spanBytes }) => spanBytes < ALONE_BYTES);
    const small = batches.filter((_, index) => isSmall[index]);
    if (small.length > 0) this.#send(EventBatch.concat(small), from.filter((_, index) => isSmall[index]));
    for (let index = 0; index < batches.length; index++) {
      if (!isSmall[index]) this.#send(batches[index]!, [from[index]!]);
    }
  }

  #send(batch: EventBatch, from: readonly Waiting[]): void {
    const accepted = () => {
      for (let index = 0; index < from.length; index++) from[index]!.accepted();
    };
    const refused = (cause: unknown) => {
      for (const waiting of from) waiting.refused(cause);
    };
    try {
      this.#emit(batch).then(accepted, refused);
    } catch (cause) {
      refused(cause);
    }
  }
}

/** All bodies in one block, encoded in one go, a newline behind each. */
function textBatch(events: readonly TextEvent[]): EventBatch {
  const size = events.length;
  let text = "";
  for (let index = 0; index < size; index++) text += events[index]!.body + "\n";
  const block = UTF8.encode(text);
  // Plain ASCII: lengths in characters are lengths in bytes.
  const isAscii = block.length === text.length;
  const starts = new Uint32Array(size);
  const ends = new Uint32Array(size);
  let layout: BatchLayout = "dense";
  for (let index = 0, offset = 0; index < size; index++) {
    const { body } = events[index]!;
    if (body.includes("\n")) layout = "packed";
    starts[index] = offset;
    ends[index] = offset += isAscii ? body.length : Buffer.byteLength(body);
    offset++;
  }
  return new EventBatch({ block, starts, ends, layout, headers: columnsOf(events) });
}

function columnsOf(events: readonly TextEvent[]): ReadonlyMap<string, Column> {
  const columns = new Map<string, (string | undefined)[]>();
  for (let index = 0; index < events.length; index++) {
    const { headers } = events[index]!;
    for (const name in headers) {
      let column = columns.get(name);
      if (!column) columns.set(name, column = new Array(events.length));
      column[index] = headers[name];
    }
  }
  return columns;
}
