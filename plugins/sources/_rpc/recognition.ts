// What a peer sends a second time must not come a second time: its stream and the numbers of its events tell. Batches of
// one stream go one after the other, so that what is noted of the stream never claims a batch that is refused after all.
import type { BatchIdentity, Context, Emit, EventBatch, Position } from "sluice/plugin";
import { SeenEvents, type Span } from "./seen_events.ts";

interface Stream {
  seen: SeenEvents;
  /** Settles when the last batch of the stream has. */
  turn: Promise<void>;
  waiting: number;
}

/** Streams that are remembered; each is one channel of one sender, or one life of it. */
const MAX_STREAMS = 1024;

/** Emits only what a source has not accepted before. */
export class Recognition {
  readonly #context: Context;
  /** Least recently used first. */
  readonly #streams = new Map<string, Stream>();

  constructor(context: Context) {
    this.#context = context;
    for (const [name, text] of Object.entries(context.resume ?? {})) {
      const seen = SeenEvents.parse(String(text));
      if (seen) this.#streams.set(name, { seen, turn: Promise.resolve(), waiting: 0 });
    }
  }

  /**
   * Emits the events that are new. Resolves when they are safe, at once when there are none; rejects as `emit` does, and
   * then nothing of the batch counts as seen.
   */
  async emit(batch: EventBatch, identity: BatchIdentity, emit: Emit): Promise<void> {
    const events = identity.runs.reduce((sum, { count }) => sum + count, 0);
    if (events !== batch.size) return await emit(batch);
    const stream = this.#streamOf(identity.stream);
    stream.waiting++;
    const emitted = stream.turn.then(() => this.#emitNew(batch, { identity, stream, emit }));
    stream.turn = emitted.catch(() => {}).finally(() => stream.waiting--);
    await emitted;
  }

  async #emitNew(
    batch: EventBatch,
    { identity, stream, emit }: { identity: BatchIdentity; stream: Stream; emit: Emit },
  ): Promise<void> {
    const { runs } = identity;
    if (stream.seen.isOlderThan(runs)) stream.seen = this.#startAgain(identity.stream);
    const spans = stream.seen.unseen(runs);
    const fresh = pick(batch, spans);
    if (fresh.size < batch.size) this.#context.counters.add("EventRepeatedCount", batch.size - fresh.size);
    if (fresh.size === 0) return batch.lease?.release();
    const seen = stream.seen.with(runs);
    const position = this.#noteOf(identity.stream, seen);
    await emit(position ? fresh.with({ position }) : fresh);
    stream.seen = seen;
  }

  /** What is to be kept with the events; nothing where nobody keeps it. */
  #noteOf(name: string, seen: SeenEvents): Position | undefined {
    const forgotten = this.#forgetIdle();
    if (this.#context.resume === undefined) return undefined;
    const note: Record<string, string | null> = { [name]: String(seen) };
    for (const stream of forgotten) note[stream] = null;
    return note;
  }

  #streamOf(name: string): Stream {
    const stream = this.#streams.get(name) ??
      { seen: SeenEvents.NONE, turn: Promise.resolve(), waiting: 0 };
    this.#streams.delete(name);
    this.#streams.set(name, stream);
    return stream;
  }

  #forgetIdle(): readonly string[] {
    const forgotten: string[] = [];
    for (const [name, { waiting }] of this.#streams) {
      if (this.#streams.size <= MAX_STREAMS) break;
      if (waiting > 0) continue;
      this.#streams.delete(name);
      forgotten.push(name);
    }
    return forgotten;
  }

  #startAgain(stream: string): SeenEvents {
    this.#context.log.warn(
      "A sender's journal gives numbers again: it was put back from a copy; what it sends twice is not recognised",
      { stream },
    );
    return SeenEvents.NONE;
  }
}

function pick(batch: EventBatch, spans: readonly Span[]): EventBatch {
  const [first] = spans;
  if (spans.length === 1 && first!.from === 0 && first!.to === batch.size) return batch;
  const indexes = new Uint32Array(spans.reduce((sum, { from, to }) => sum + to - from, 0));
  let at = 0;
  for (const { from, to } of spans) for (let index = from; index < to; index++) indexes[at++] = index;
  return batch.select(indexes);
}
