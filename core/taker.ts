import { type Channel, takeStream } from "./channel.ts";
import type { Component } from "./component.ts";
import { PoisonError } from "./errors.ts";
import type { EventBatch } from "./event_batch.ts";
import type { Resumption } from "./keeping.ts";
import { contextOf, type Surroundings } from "./pipeline.ts";
import type { PlanPart, PlanTaker } from "./plan.ts";
import { type NamedSink, type Sink, sinkStream } from "./sink.ts";

/** How long the first batch waits for the members of a group to be made. */
const MAKE_LIMIT_MS = 1000;

/** What a sink or group is run with. */
export interface TakerRun {
  readonly surroundings: Surroundings;
  readonly channel: Channel;
  /** True when nothing else drains the channel: only then a position that the sink holds covers all before it. */
  readonly isAlone: boolean;
  readonly resumption: Resumption;
  readonly signal: AbortSignal;
}

/** Runs one sink or group once: until the signal aborts and what it took is settled, or until it fails. */
export async function runTaker(plan: PlanTaker, component: Component, about: TakerRun): Promise<void> {
  const { surroundings, channel, resumption } = about;
  const failure = new AbortController();
  const signal = AbortSignal.any([about.signal, failure.signal]);
  resumption.reset();
  const sink = await createSink(plan, component, surroundings);
  try {
    await goOn(sink, plan, about);
    component.recover();
    const limits = {
      signal,
      get maxEvents() {
        return Math.min(sink.batchSize ?? Infinity, channel.maxTakeEvents ?? Infinity);
      },
    };
    await takeStream(channel, limits).pipeTo(sinkStream({
      sink: about.isAlone && !plan.processor ? sink : forgetful(sink),
      counters: component.counters,
      clock: surroundings.clock,
      signal: surroundings.endSignal,
      stopSignal: signal,
      deadLetters: surroundings.deadLetters.desk(plan.name),
      onRefused: (cause) => component.note(cause),
      onAccepted: () => component.recover(),
      onDelivered: () => component.progress(),
      onFailed: () => {
        resumption.reset();
        failure.abort();
      },
    }));
  } finally {
    await sink.close?.();
  }
}

/** Lets the sink put its target in order, and what is before it go on behind what the target holds. */
async function goOn(sink: Sink, plan: PlanTaker, { channel, isAlone, resumption }: TakerRun): Promise<void> {
  // The members of a group have resumed when they were made; what one of them holds says nothing about the others.
  if (plan.processor) return resumption.tell(undefined, false);
  const position = await sink.resume?.();
  if (isAlone && position) await channel.resume?.(position);
  resumption.tell(position, isAlone && sink.resume !== undefined);
}

/**
 * A sink that gets a part of a channel's events must keep no positions: once it is alone there, they would say that it
 * holds what others never delivered.
 */
function forgetful(sink: Sink): Pick<Sink, "write"> {
  return { write: (batch, signal) => sink.write(batch.with({ position: undefined }), signal) };
}

async function createSink(plan: PlanTaker, component: Component, surroundings: Surroundings): Promise<Sink> {
  const about = { surroundings, signal: surroundings.endSignal };
  const create = async (part: PlanPart): Promise<Sink> =>
    await part.plugin.create(part.config, contextOf(component, part, about)) as Sink;
  if (!plan.processor) return await create(plan.sinks[0]!);
  // A member that cannot be made must not keep the others from their work.
  const sinks = plan.sinks.map((part) => lateSink(part.name, () => create(part)));
  await makeSoon(sinks, surroundings);
  const context = contextOf(component, plan.processor, about);
  return await plan.processor.plugin.create(plan.processor.config, context, sinks) as Sink;
}

interface LateSink extends NamedSink {
  /** Makes it before its first use, so that it is known how many events it takes at once. */
  make(): Promise<unknown>;
}

/** Makes what can be made without a long wait; the rest is made when it is used. */
async function makeSoon(sinks: readonly LateSink[], { clock }: Surroundings): Promise<void> {
  const patience = new AbortController();
  const made = Promise.allSettled(sinks.map((sink) => sink.make())).finally(() => patience.abort());
  await Promise.race([made, clock.sleep(MAKE_LIMIT_MS, patience.signal)]);
}

/** A sink that is made at its first use, and again at the next one when that fails. */
function lateSink(name: string, create: () => Promise<Sink>): LateSink {
  let made: Promise<Sink> | undefined;
  let batchSize: number | undefined;
  const sink = () =>
    made ??= create().then(putInOrder).then((created) => {
      batchSize = created.batchSize;
      return created;
    }).catch((cause) => {
      made = undefined;
      throw cause;
    });
  return {
    name,
    get batchSize() {
      return batchSize;
    },
    make: sink,
    write: async (batch, signal) => await writeInPieces(await sink(), batch, signal),
    close: async () => await made?.then((created) => created.close?.(), () => {}),
  };
}

async function putInOrder(sink: Sink): Promise<Sink> {
  try {
    await sink.resume?.();
    return sink;
  } catch (cause) {
    await sink.close?.();
    throw cause;
  }
}

/** Until a late sink is made nobody knows how many events it takes at once, so the first batch may be too large for it. */
async function writeInPieces(
  sink: Sink,
  batch: EventBatch,
  signal: AbortSignal,
): Promise<void | { delivered: Promise<void> }> {
  const { batchSize = Infinity } = sink;
  if (batch.size <= batchSize) return await sink.write(batch, signal);
  const owed: Promise<void>[] = [];
  for (let from = 0; from < batch.size; from += batchSize) {
    const answer = await writePiece(sink, { batch, from, to: from + batchSize }, signal);
    answer?.delivered.catch(() => {});
    if (answer) owed.push(answer.delivered);
  }
  return owed.length === 0 ? undefined : { delivered: Promise.all(owed).then(() => {}) };
}

async function writePiece(
  sink: Sink,
  { batch, from, to }: { readonly batch: EventBatch; readonly from: number; readonly to: number },
  signal: AbortSignal,
): Promise<void | { delivered: Promise<void> }> {
  // The sink names places in its piece; who reads them knows the whole batch.
  const refuse = (cause: unknown) => {
    if (!(cause instanceof PoisonError)) throw cause;
    throw new PoisonError(cause.message, cause.indexes.map((index) => index + from), { cause: cause.cause });
  };
  try {
    const answer = await sink.write(batch.slice(from, to), signal);
    return answer && { delivered: answer.delivered.catch(refuse) };
  } catch (cause) {
    refuse(cause);
  }
}
