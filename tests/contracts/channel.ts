import assert from "node:assert/strict";
import { type Channel, ChannelFullError, EventBatch, type PutReceipt } from "sluice/plugin";
import { testContext } from "../support/context.ts";
import { plain, sampleBatch } from "./batches.ts";
import type { ContractCase } from "./case.ts";
import { type CreateOptions, Subject } from "./subject.ts";

const CAPACITY = 20;
const NEVER = new AbortController().signal;

/** A channel with a folder of its own each time it is made; what is left open and written is put away in the end. */
export class ChannelSubject extends Subject<Channel> {
  readonly #channels: Channel[] = [];
  readonly #folders: string[] = [];

  override async create(options: CreateOptions = {}): Promise<Channel> {
    const stateDir = Deno.makeTempDirSync();
    this.#folders.push(stateDir);
    const channel = await super.create({
      ...options,
      context: { ...options.context ?? testContext(), stateDir },
    });
    this.#channels.push(channel);
    return channel;
  }

  async end(): Promise<void> {
    for (const channel of this.#channels.splice(0)) await channel.close();
    for (const folder of this.#folders.splice(0)) Deno.removeSync(folder, { recursive: true });
  }
}

function batchOf(...bodies: string[]): EventBatch {
  return EventBatch.from(bodies.map((body) => ({ body })));
}

function bodiesOf(batch: EventBatch): string[] {
  return Array.from({ length: batch.size }, (_, index) => batch.text(index));
}

async function takeAll(channel: Channel, count: number, maxEvents = 100): Promise<string[]> {
  const bodies: string[] = [];
  while (bodies.length < count) {
    const take = await channel.take({ maxEvents, signal: NEVER });
    assert.ok(take.batch.size > 0, "A take without events");
    bodies.push(...bodiesOf(take.batch));
    await take.commit();
  }
  return bodies;
}

/** Whether a promise is settled already, once all that can happen now has happened. */
async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  if (promise === undefined) return true;
  let settled = false;
  const settle = () => void (settled = true);
  promise.then(settle, settle);
  await new Promise((resolve) => setTimeout(resolve));
  return settled;
}

/** What a source that can replay waits for. */
function safePromise(receipt: PutReceipt | void): Promise<void> | undefined {
  return receipt?.delivered ?? receipt?.committed;
}

/** What every channel promises. */
export const CHANNEL_CASES: readonly ContractCase<Subject<Channel>>[] = [
  {
    name: "gives events in the order in which they were put, whatever the takes' size",
    async run(subject) {
      for (const maxEvents of [1, 2, 100]) {
        const channel = await subject.create();
        const lines = bodiesOf(sampleBatch("application.log", 9));
        for (let at = 0; at < 9; at += 3) await channel.put(batchOf(...lines.slice(at, at + 3)));
        assert.deepEqual(await takeAll(channel, 9, maxEvents), lines);
        await channel.close();
      }
    },
  },
  {
    name: "gives no more than a take asks for, headers and bytes unchanged",
    async run(subject) {
      const channel = await subject.create();
      const batch = sampleBatch("invalid_utf8.log", 4).withHeader("number", ["1", undefined, "3", "4"]);
      await channel.put(batch);
      const take = await channel.take({ maxEvents: 3, signal: NEVER });
      assert.ok(take.batch.size <= 3);
      const expected = plain(batch.slice(0, take.batch.size));
      assert.deepEqual(plain(take.batch).bodies, expected.bodies);
      assert.deepEqual(plain(take.batch).headers, expected.headers);
      await take.commit();
    },
  },
  {
    name: "counts events until they are taken for good",
    async run(subject) {
      const channel = await subject.create();
      await channel.put(batchOf("GET /", "GET /köln"));
      assert.equal(channel.size, 2);
      const take = await channel.take({ maxEvents: 10, signal: NEVER });
      assert.equal(channel.size, 2);
      await take.commit();
      assert.equal(channel.size, 0);
    },
  },
  {
    name: "gives rolled back events again, before all others",
    async run(subject) {
      const channel = await subject.create();
      await channel.put(batchOf("first", "second", "third"));
      const take = await channel.take({ maxEvents: 2, signal: NEVER });
      await channel.put(batchOf("fourth"));
      await take.rollback();
      assert.equal(channel.size, 4);
      assert.deepEqual(await takeAll(channel, 4, 1), ["first", "second", "third", "fourth"]);
    },
  },
  {
    name: "keeps two takers apart, and order when both roll back, the later one first",
    async run(subject) {
      const channel = await subject.create();
      await channel.put(batchOf("one", "two", "three", "four"));
      const early = await channel.take({ maxEvents: 2, signal: NEVER });
      const late = await channel.take({ maxEvents: 2, signal: NEVER });
      assert.deepEqual([...bodiesOf(early.batch), ...bodiesOf(late.batch)], ["one", "two", "three", "four"]);
      await late.rollback();
      await early.rollback();
      assert.deepEqual(await takeAll(channel, 4, 1), ["one", "two", "three", "four"]);
    },
  },
  {
    name: "wakes a waiting take when something is put",
    async run(subject) {
      const channel = await subject.create();
      const waiting = channel.take({ maxEvents: 10, signal: NEVER });
      await channel.put(batchOf("at last"));
      const take = await waiting;
      assert.deepEqual(bodiesOf(take.batch), ["at last"]);
      await take.commit();
    },
  },
  {
    name: "ends a waiting take with the signal's reason, and loses nothing by it",
    async run(subject) {
      const channel = await subject.create();
      const stop = new AbortController();
      const waiting = channel.take({ maxEvents: 10, signal: stop.signal });
      const reason = new Error("The sink stops");
      stop.abort(reason);
      await assert.rejects(waiting, (thrown) => thrown === reason);
      await assert.rejects(async () => await channel.take({ maxEvents: 10, signal: stop.signal }), reason);
      await channel.put(batchOf("for the next one"));
      assert.deepEqual(await takeAll(channel, 1), ["for the next one"]);
      await channel.close();
    },
  },
  {
    name: "tells a source that can replay to forget only when the events are safe",
    async run(subject) {
      const channel = await subject.create();
      const receipt = await channel.put(batchOf("replayable").with({ position: { "2049:7": 11 } }));
      assert.equal(await isSettled(safePromise(receipt)), false);
      const take = await channel.take({ maxEvents: 10, signal: NEVER });
      assert.equal(await isSettled(safePromise(receipt)), false);
      await take.commit();
      assert.equal(await isSettled(safePromise(receipt)), true);
    },
  },
  {
    name: "holds a put back while it is full, and lets it in when there is room",
    async run(subject) {
      const channel = await subject.create({ context: testContext({ clock: patientClock() }) });
      assert.equal(channel.capacity, CAPACITY);
      await channel.put(batchOf(...Array.from({ length: CAPACITY }, (_, index) => `GET /page/${index}`)));
      const late = Promise.resolve(channel.put(batchOf("GET /late")));
      assert.equal(await isSettled(late), false);
      await takeAll(channel, CAPACITY);
      await late;
      assert.deepEqual(await takeAll(channel, 1), ["GET /late"]);
    },
  },
  {
    name: "refuses a put when it stays full for too long",
    async run(subject) {
      const hasty = { now: () => 0, sleep: () => Promise.resolve() };
      const channel = await subject.create({ context: testContext({ clock: hasty }) });
      await channel.put(batchOf(...Array.from({ length: CAPACITY }, (_, index) => `GET /page/${index}`)));
      await assert.rejects(async () => await channel.put(batchOf("GET /late")), ChannelFullError);
      assert.equal(channel.size, CAPACITY);
    },
  },
];

/** A clock on which nobody's patience ends before the wait is called off. */
function patientClock() {
  const sleep = (_ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
  return { now: () => 0, sleep };
}
