import { type Channel, takeStream, type TakeWatch } from "./channel.ts";
import type { Component } from "./component.ts";
import type { Counters } from "./counters.ts";
import { type LateSink, lateSink } from "./group_member.ts";
import type { Resumption } from "./keeping.ts";
import { contextOf, type Surroundings } from "./pipeline.ts";
import type { PlanPart, PlanTaker } from "./plan.ts";
import { Probation } from "./probation.ts";
import { Replanned } from "./running.ts";
import { type Sink, sinkStream, type SinkTarget } from "./sink.ts";

/** Upper bounds for the age of a delivered event in seconds. */
const AGE_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200];
/** How long the first batch waits for the members of a group to be made. */
const MAKE_LIMIT_MS = 1000;

/** What a sink or group is run with. */
export interface TakerRun {
  readonly surroundings: Surroundings;
  readonly channel: Channel;
  readonly channelCounters: Counters;
  /** What is shown of each sink of a group, by its name. */
  readonly members: ReadonlyMap<string, Component>;
  /** True when nothing else drains the channel: only then a position that the sink holds covers all before it. */
  readonly isAlone: boolean;
  readonly resumption: Resumption;
  readonly signal: AbortSignal;
  /** Aborts when no sink begins any more. */
  readonly drained: AbortSignal;
}

/** Runs one sink or group once: until the signal aborts and what it took is settled, or until it fails. */
export async function runTaker(plan: PlanTaker, component: Component, about: TakerRun): Promise<void> {
  const { surroundings, channel, resumption } = about;
  const failure = new AbortController();
  const signal = AbortSignal.any([about.signal, failure.signal]);
  resumption.reset();
  const sink = await createSink(plan, component, about);
  try {
    await goOn(sink, plan, about);
    using probation = new Probation(component, surroundings.clock);
    if (component.state === "starting") probation.pass();
    const limits = {
      signal,
      get maxEvents() {
        return Math.min(sink.batchSize ?? Infinity, channel.maxTakeEvents ?? Infinity);
      },
    };
    const watch = takeWatch(component.counters, about.channelCounters, probation);
    await takeStream(channel, limits, watch).pipeTo(sinkStream({
      sink: about.isAlone && !plan.processor ? sink : forgetful(sink),
      counters: component.counters,
      ages: component.counters.histogram("BatchAgeSeconds", AGE_SECONDS),
      clock: surroundings.clock,
      signal: surroundings.endSignal,
      stopSignal: signal,
      deadLetters: surroundings.deadLetters.desk(plan.name),
      ...reactions(component, about.channelCounters),
      onFailed: () => {
        resumption.reset();
        failure.abort();
      },
    }));
  } finally {
    await sink.close?.();
  }
}

/** An accepted write may still fail: only a delivery shows that the sink works again, if none was refused since. */
function reactions(
  component: Component,
  channelCounters: Counters,
): Pick<SinkTarget, "onRefused" | "onAccepted" | "onDelivered"> {
  let isRefused = false;
  return {
    onRefused: (cause) => {
      isRefused = true;
      component.note(cause);
    },
    onAccepted: () => void (isRefused = false),
    onDelivered: (taken) => {
      channelCounters.add("EventTakeSuccessCount", taken);
      component.progress();
      if (!isRefused) component.recover();
    },
  };
}

/**
 * As in Flume a take that finds nothing is an attempt, too, and an empty batch of the sink. With a take what becomes of
 * its events decides, not the time.
 */
function takeWatch(counters: Counters, channelCounters: Counters, probation: Probation): TakeWatch {
  return {
    onEmpty: () => {
      channelCounters.add("EventTakeAttemptCount");
      counters.add("BatchEmptyCount");
    },
    onTaken: (events) => {
      probation[Symbol.dispose]();
      channelCounters.add("EventTakeAttemptCount", events);
    },
    onFailed: () => counters.add("ChannelReadFail"),
  };
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

async function createSink(plan: PlanTaker, component: Component, about: TakerRun): Promise<Sink> {
  const { surroundings, members } = about;
  const create = async (part: PlanPart, shown: Component): Promise<Sink> =>
    await part.plugin.create(
      part.config,
      contextOf(shown, part, {
        surroundings,
        signal: surroundings.endSignal,
        stopSignal: about.signal,
        hasSuccessor: () => !about.drained.aborted && hasSuccessor(part, about.signal),
      }),
    ) as Sink;
  if (!plan.processor) return await create(plan.sinks[0]!, component);
  // A member that cannot be made must not keep the others from their work.
  const sinks = plan.sinks.map((part) => {
    const member = members.get(part.name)!;
    return lateSink(part.name, member, () => create(part, member));
  });
  await makeSoon(sinks, surroundings);
  const context = contextOf(component, plan.processor, { surroundings, signal: surroundings.endSignal });
  return await plan.processor.plugin.create(plan.processor.config, context, sinks) as Sink;
}

/** One that changed comes again with the next plan. */
function hasSuccessor({ name, plugin }: PlanPart, { reason }: AbortSignal): boolean {
  return reason instanceof Replanned &&
    reason.plan.takers.some(({ sinks }) =>
      sinks.some((sink) => sink.name === name && sink.plugin === plugin)
    );
}

/** Makes what can be made without a long wait; the rest is made when it is used. */
async function makeSoon(sinks: readonly LateSink[], { clock }: Surroundings): Promise<void> {
  const patience = new AbortController();
  const made = Promise.allSettled(sinks.map((sink) => sink.make())).finally(() => patience.abort());
  await Promise.race([made, clock.sleep(MAKE_LIMIT_MS, patience.signal)]);
}
