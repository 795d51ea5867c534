import { defineSource, EventBatch, int } from "sluice/plugin";

const ZERO = 48;
const NINE = 57;
const NEWLINE = 10;
/** Batches after which timers and signals get their turn: a chain that never waits would starve them. */
const TURN_BATCHES = 64;

const config = {
  batchSize: int({ min: 1 }, { unit: "events" }).default(1).describe("Events in one batch."),
  totalEvents: int({ min: 0 }, { unit: "events" }).default(Number.MAX_SAFE_INTEGER)
    .describe("Stop after so many events."),
};

export default defineSource({
  name: "seq",
  aliases: ["org.apache.flume.source.SequenceGeneratorSource"],
  summary: "Counts from 0 upwards, one number an event, for tests.",
  about:
    "Numbers that a channel refuses are sent again, so none is missing. The source ends after `totalEvents`; where it " +
    "is started again by a restart of the pipeline it begins at 0.",
  config,
  examples: [{
    title: "The numbers 0 to 9 on standard output",
    yaml: `source: { type: seq, batchSize: 5, totalEvents: 10 }
sink: { type: stdout }`,
  }],
  create({ batchSize, totalEvents }, { signal }) {
    return {
      async run(emit) {
        let failure: { readonly cause: unknown } | undefined;
        for (let [next, turn] = [0, 1]; next < totalEvents && !signal.aborted; turn++) {
          await emit.ready;
          if (failure) throw failure.cause;
          const size = Math.min(batchSize, totalEvents - next);
          emit(countingBatch(next, size)).catch((cause) => failure = { cause });
          next += size;
          if (turn % TURN_BATCHES === 0) await new Promise((resolve) => setImmediate(resolve));
        }
      },
    };
  },
});

/** Numbers as lines: each is the one before with its last digits counted up. */
function countingBatch(first: number, size: number): EventBatch {
  const width = String(first + size - 1).length;
  const block = new Uint8Array(size * (width + 1));
  const starts = new Uint32Array(size);
  const ends = new Uint32Array(size);
  let digits = new TextEncoder().encode(String(first));
  for (let index = 0, offset = 0; index < size; index++) {
    block.set(digits, offset);
    starts[index] = offset;
    ends[index] = offset += digits.length;
    block[offset++] = NEWLINE;
    digits = countUp(digits);
  }
  return new EventBatch({ block, starts, ends, layout: "dense" });
}

function countUp(digits: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let at = digits.length - 1;
  while (at >= 0 && digits[at] === NINE) digits[at--] = ZERO;
  if (at < 0) return Uint8Array.of(ZERO + 1, ...digits);
  digits[at]!++;
  return digits;
}
