import assert from "node:assert/strict";
import { EventBatch, type Sink } from "sluice/plugin";
import { columnsOf, plain, PooledBatch, sampleBatch, sampleBatches } from "./batches.ts";
import type { ContractCase } from "./case.ts";
import type { Subject } from "./subject.ts";
import type { Target, TargetMaker } from "./targets.ts";

/** A sink, and how to make a target for it. */
export interface SinkSubject {
  readonly subject: Subject<Sink>;
  readonly makeTarget: TargetMaker;
}

const NEVER = new AbortController().signal;

/** Runs a case with a sink at a target of its own, and closes both. */
async function withSink(
  { subject, makeTarget }: SinkSubject,
  run: (sink: Sink, target: Target) => Promise<void>,
) {
  const target = await makeTarget();
  try {
    const sink = await subject.create({ context: target.context, change: target.settings });
    await run(sink, target);
    await sink.close?.();
  } finally {
    await target.close();
  }
}

/** Writes a batch in pieces as large as the sink wants them, as core does; gives what settles later. */
async function writeAll(sink: Sink, batch: EventBatch): Promise<Promise<void>[]> {
  const delivered: Promise<void>[] = [];
  const step = sink.batchSize ?? Math.max(batch.size, 1);
  for (let from = 0; from < batch.size; from += step) {
    const answer = await sink.write(batch.slice(from, from + step), NEVER);
    if (answer) delivered.push(answer.delivered);
  }
  return delivered;
}

/** What comes to the target when these batches are written and the sink is closed. */
async function arrivedFrom(subject: SinkSubject, batches: readonly EventBatch[]): Promise<string[]> {
  let arrived: string[] = [];
  await withSink(subject, async (sink, target) => {
    const delivered: Promise<void>[] = [];
    for (const batch of batches) delivered.push(...await writeAll(sink, batch));
    await sink.close?.();
    await Promise.all(delivered);
    arrived = await target.arrived();
  });
  return arrived;
}

/** What every sink promises. */
export const SINK_CASES: readonly ContractCase<SinkSubject>[] = [
  {
    name: "accepts an empty batch and writes nothing for it",
    run: (subject) =>
      withSink(subject, async (sink, target) => {
        const answer = await sink.write(EventBatch.EMPTY, NEVER);
        await sink.close?.();
        if (answer) await answer.delivered;
        assert.deepEqual((await target.arrived()).join(""), "");
      }),
  },
  {
    name: "leaves the batch as it was",
    run: (subject) =>
      withSink(subject, async (sink) => {
        const batch = sampleBatches()[1]!;
        const [before, columns] = [plain(batch), columnsOf(batch)];
        await Promise.all(await writeAll(sink, batch));
        assert.deepEqual(plain(batch), before);
        assert.deepEqual(columnsOf(batch), columns);
      }),
  },
  {
    name: "does not read a pooled block once write has resolved",
    async run(subject) {
      const batch = sampleBatch("access.log", 12);
      const expected = await arrivedFrom(subject, [batch]);
      await withSink(subject, async (sink, target) => {
        const delivered: Promise<void>[] = [];
        const step = sink.batchSize ?? batch.size;
        for (let from = 0; from < batch.size; from += step) {
          const pooled = new PooledBatch(batch.slice(from, from + step));
          const answer = await sink.write(pooled.batch, NEVER);
          pooled.overwrite();
          if (answer) delivered.push(answer.delivered);
        }
        await sink.close?.();
        await Promise.all(delivered);
        assert.deepEqual(await target.arrived(), expected);
      });
    },
  },
  {
    name: "keeps order over many writes, and every body",
    async run(subject) {
      const batches = [
        sampleBatch("access.log", 5),
        sampleBatch("application.log", 7),
        sampleBatch("crlf.txt", 2),
      ];
      const arrived = (await arrivedFrom(subject, batches)).join("\n");
      let from = 0;
      for (const body of batches.flatMap((batch) => plain(batch).bodies)) {
        // A target that shows bytes as printable text still shows how each event begins.
        const start = /^[ -~]*/.exec(body)![0].slice(0, 16);
        const at = arrived.indexOf(start, from);
        assert.ok(at >= 0, `"${start}" did not arrive behind ${from}`);
        from = at + start.length;
      }
    },
  },
  {
    name: "settles all that it owes when it is closed",
    run: (subject) =>
      withSink(subject, async (sink) => {
        const delivered: Promise<void>[] = [];
        for (let round = 0; round < 5; round++) {
          delivered.push(...await writeAll(sink, sampleBatch("access.log", 3)));
        }
        await sink.close?.();
        await Promise.all(delivered);
      }),
  },
  {
    name: "can be closed twice, and without a write",
    run: (subject) =>
      withSink(subject, async (sink) => {
        await sink.close?.();
        await sink.close?.();
      }),
  },
];
