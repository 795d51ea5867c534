import { type Clock, defineSource, type Emit, EventBatch, int } from "sluice/plugin";

/** What Flume fills its bodies with. */
const FILLING = 127;
const NEWLINE = 10;
/** Batches after which timers and signals get their turn: a chain that never waits would starve them. */
const TURN_BATCHES = 64;

const config = {
  size: int({ min: 0 }, { unit: "bytes" }).default(500).describe("Size of each body."),
  maxTotalEvents: int({ min: -1 }, { unit: "events" }).default(-1)
    .describe("Stop after so many events sent; -1 never stops."),
  maxSuccessfulEvents: int({ min: -1 }, { unit: "events" }).default(-1)
    .describe("Stop after so many events accepted; -1 never stops."),
  batchSize: int({ min: 1 }, { unit: "events" }).default(1).describe("Events in one batch."),
  maxEventsPerSecond: int({ min: 0 }, { unit: "events/s" }).default(0).describe(
    "Most events a second; 0 means no limit.",
  ),
};

export default defineSource({
  name: "stress",
  aliases: ["org.apache.flume.source.StressSource"],
  summary: "Makes events of one size as fast as it may, for load tests.",
  about:
    "All batches are views of one block that is made at the start, so the source itself costs next to nothing.",
  config,
  examples: [{
    title: "A hundred thousand events of 500 bytes into nothing",
    yaml: `source: { type: stress, batchSize: 1000, maxTotalEvents: 100000 }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: "null" }`,
  }],
  create(settings, { signal, clock }) {
    const whole = filledBatch(settings.size, settings.batchSize);
    const limits = {
      total: settings.maxTotalEvents < 0 ? Infinity : settings.maxTotalEvents,
      accepted: settings.maxSuccessfulEvents < 0 ? Infinity : settings.maxSuccessfulEvents,
    };
    const pace = new Pace(settings.maxEventsPerSecond || Infinity, clock);
    return { run: (emit) => generate(emit, { whole, limits, pace, signal }) };
  },
});

interface GeneratorParts {
  readonly whole: EventBatch;
  readonly limits: { readonly total: number; readonly accepted: number };
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

async function generate(emit: Emit, { whole, limits, pace, signal }: GeneratorParts): Promise<void> {
  let [sent, accepted, open] = [0, 0, 0];
  let settled: Promise<unknown> = Promise.resolve();
  for (let turn = 1; sent < limits.total && accepted < limits.accepted && !signal.aborted; turn++) {
    const size = Math.min(whole.size, limits.total - sent, limits.accepted - accepted - open);
    if (size === 0) {
      await settled;
      continue;
    }
    await pace.wait(size, signal);
    await emit.ready;
    sent += size;
    open += size;
    settled = emit(whole.slice(0, size)).then(() => accepted += size, () => {}).finally(() => open -= size);
    if (turn % TURN_BATCHES === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await settled;
}

/** Keeps a rate by waiting before each batch until its time has come. */
class Pace {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #nextMs = 0;

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  async wait(events: number, signal: AbortSignal): Promise<void> {
    if (this.#perSecond === Infinity) return;
    const nowMs = this.#clock.now();
    const startMs = Math.max(this.#nextMs, nowMs);
    this.#nextMs = startMs + events / this.#perSecond * 1000;
    if (startMs > nowMs) await this.#clock.sleep(startMs - nowMs, signal);
  }
}

function filledBatch(bodyBytes: number, size: number): EventBatch {
  const block = new Uint8Array(size * (bodyBytes + 1)).fill(FILLING);
  const starts = Uint32Array.from({ length: size }, (_, index) => index * (bodyBytes + 1));
  const ends = starts.map((start) => start + bodyBytes);
  for (const end of ends) block[end] = NEWLINE;
  return new EventBatch({ block, starts, ends, layout: "dense" });
}
