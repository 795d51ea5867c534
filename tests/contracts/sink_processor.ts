import assert from "node:assert/strict";
import { EventBatch, type NamedSink, type Sink } from "sluice/plugin";
import { testContext } from "../support/context.ts";
import { plain, sampleBatch } from "./batches.ts";
import type { ContractCase } from "./case.ts";
import type { Subject } from "./subject.ts";

/** A sink that keeps what it gets, or refuses it. */
class TestSink implements NamedSink {
  readonly name: string;
  readonly bodies: string[] = [];
  readonly refuses: boolean;

  constructor(name: string, refuses = false) {
    this.name = name;
    this.refuses = refuses;
  }

  write(batch: EventBatch): void {
    if (this.refuses) throw new Error(`Target of ${this.name} is down`);
    this.bodies.push(...plain(batch).bodies);
  }
}

/** A sink processor, and how many sinks it stands in front of. */
export interface ProcessorSubject {
  readonly subject: Subject<Sink>;
  /** `default` has just one. */
  readonly sinks: number;
}

const NEVER = new AbortController().signal;
const HASTY_CLOCK = { now: () => 0, sleep: () => Promise.resolve() };

async function create({ subject }: ProcessorSubject, sinks: readonly NamedSink[]): Promise<Sink> {
  return await subject.create({ context: testContext({ clock: HASTY_CLOCK }), extra: [sinks] });
}

function sinksFor(
  { sinks }: ProcessorSubject,
  refuses: (index: number) => boolean = () => false,
): TestSink[] {
  return Array.from({ length: sinks }, (_, index) => new TestSink(`k${index + 1}`, refuses(index)));
}

async function write(sink: Sink, batch: EventBatch): Promise<void> {
  const answer = await sink.write(batch, NEVER);
  if (answer) await answer.delivered;
}

/** What every sink processor promises. */
export const SINK_PROCESSOR_CASES: readonly ContractCase<ProcessorSubject>[] = [
  {
    name: "brings every event to exactly one sink",
    async run(subject) {
      const sinks = sinksFor(subject);
      const processor = await create(subject, sinks);
      const batch = sampleBatch("access.log", 30);
      for (let from = 0; from < 30; from += 3) await write(processor, batch.slice(from, from + 3));
      assert.deepEqual(sinks.flatMap(({ bodies }) => bodies).sort(), [...plain(batch).bodies].sort());
      await processor.close?.();
    },
  },
  {
    name: "brings events to a sink that is well, when others refuse",
    async run(subject) {
      for (let well = 0; well < subject.sinks; well++) {
        const sinks = sinksFor(subject, (index) => index !== well);
        const processor = await create(subject, sinks);
        const batch = sampleBatch("access.log", 10);
        for (let from = 0; from < 10; from += 2) await write(processor, batch.slice(from, from + 2));
        assert.deepEqual(sinks[well]!.bodies, plain(batch).bodies);
        await processor.close?.();
      }
    },
  },
  {
    name: "rejects when every sink refuses, so that core rolls the take back",
    async run(subject) {
      const processor = await create(subject, sinksFor(subject, () => true));
      await assert.rejects(async () => await write(processor, sampleBatch("access.log", 2)));
      await processor.close?.();
    },
  },
  {
    name: "passes on what settles later",
    async run(subject) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const sinks = sinksFor(subject).map(({ name }) => ({
        name,
        write: () => Promise.resolve({ delivered: promise }),
      }));
      const processor = await create(subject, sinks);
      const answer = await processor.write(sampleBatch("access.log", 2), NEVER);
      assert.ok(answer, "The processor answered before its sink had delivered");
      resolve();
      await answer.delivered;
      await processor.close?.();
    },
  },
  {
    name: "accepts an empty batch",
    async run(subject) {
      const processor = await create(subject, sinksFor(subject));
      await write(processor, EventBatch.EMPTY);
      await processor.close?.();
    },
  },
];
