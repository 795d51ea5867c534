import assert from "node:assert/strict";
import type { Context, Emit, EventBatch, Source } from "sluice/plugin";
import { testContext } from "../support/context.ts";
import { until } from "../support/until.ts";
import { checkShape, plain } from "./batches.ts";
import type { ContractCase } from "./case.ts";
import type { Feed, FeedMaker } from "./feeds.ts";
import type { Subject } from "./subject.ts";

/** A source, and how to feed it. */
export interface SourceSubject {
  readonly subject: Subject<Source>;
  readonly makeFeed: FeedMaker;
}

/** A source at work. */
interface Running {
  readonly context: Context;
  readonly feed: Feed;
  /** How the run ended: nothing, or what it rejected with. */
  readonly ended: Promise<unknown>;
  stop(): void;
}

/** Runs a source on a feed of its own until the case is done; then it must end. */
async function withSource(
  { subject, makeFeed }: SourceSubject,
  emit: Emit,
  watch: (running: Running) => Promise<void>,
): Promise<void> {
  const feed = await makeFeed();
  const controller = new AbortController();
  const context = testContext({
    signal: controller.signal,
    ...feed.stateDir === undefined ? {} : { stateDir: feed.stateDir },
  });
  try {
    const source = await subject.create({ context, change: feed.settings });
    const ended = source.run(emit).then(
      () => undefined,
      (thrown: unknown) => thrown ?? new Error("Nothing was thrown"),
    );
    const stop = () => controller.abort(new Error("The pipeline stops"));
    const fed = feed.give?.(context);
    await watch({ context, feed, ended, stop });
    stop();
    await endsSoon(ended);
    await fed?.catch(() => {});
  } finally {
    controller.abort();
    await feed.close?.();
  }
}

async function endsSoon(ended: Promise<unknown>): Promise<void> {
  let isEnded = false;
  void ended.then(() => isEnded = true);
  await until("the source to end after the signal", () => isEnded);
}

function emitWith(accept: (batch: EventBatch) => Promise<void>, ready = Promise.resolve()): Emit {
  return Object.assign(accept, { ready });
}

function collectBodies(into: string[]): Emit {
  return emitWith((batch) => {
    into.push(...plain(batch).bodies);
    return Promise.resolve();
  });
}

/** What every source promises. */
export const SOURCE_CASES: readonly ContractCase<SourceSubject>[] = [
  {
    name: "emits what it is given, in order and unchanged",
    async run(subject) {
      const bodies: string[] = [];
      await withSource(subject, collectBodies(bodies), async ({ feed }) => {
        const wanted = feed.expected?.length ?? 3;
        await until(`${wanted} events`, () => bodies.length >= wanted);
        if (feed.expected) assert.deepEqual(bodies, feed.expected);
      });
    },
  },
  {
    name: "ends when the signal aborts",
    async run(subject) {
      const bodies: string[] = [];
      await withSource(subject, collectBodies(bodies), async () => {
        await until("the first event", () => bodies.length > 0);
      });
      const { length } = bodies;
      await new Promise((resolve) => setTimeout(resolve));
      assert.equal(bodies.length, length, "The source emitted after its end");
    },
  },
  {
    name: "emits batches whose columns, index and block fit each other, none empty",
    async run(subject) {
      let batches = 0;
      const emit = emitWith((batch) => {
        checkShape(batch);
        assert.ok(batch.size > 0, "An empty batch");
        batches++;
        return Promise.resolve();
      });
      await withSource(subject, emit, () => until("a batch", () => batches > 0));
    },
  },
  {
    name: "emits nothing more while the pipeline is not ready",
    async run(subject) {
      let emits = 0;
      const { promise: later, resolve } = Promise.withResolvers<void>();
      const emit = (_batch: EventBatch) => {
        emits++;
        return Promise.resolve();
      };
      const paced = Object.defineProperty(emit, "ready", {
        get: () => emits === 0 ? Promise.resolve() : later,
      });
      await withSource(subject, paced as Emit, async ({ stop }) => {
        await until("the first batch", () => emits > 0);
        await new Promise((done) => setTimeout(done));
        assert.equal(emits, 1);
        stop();
        resolve();
      });
    },
  },
  {
    name: "leaves no rejected emit without an answer",
    async run(subject) {
      let emits = 0;
      const emit = emitWith(() => {
        emits++;
        return Promise.reject(new Error("The pipeline rolled the batch back"));
      });
      await withSource(subject, emit, () => until("an emit", () => emits > 0));
    },
  },
];
