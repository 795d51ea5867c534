import { isDeepStrictEqual } from "node:util";
import { ConfigError, DeliveryError } from "./errors.ts";
import { aborted, contextOf, createSelector, type Surroundings } from "./pipeline.ts";
import type { Plan, PlanPart, PlanSource, PlanTaker } from "./plan.ts";
import { Replanned, type RunningChannel, type RunningParts, type RunningSource } from "./running.ts";
import { isSameKeeper, wiringOf } from "./wiring.ts";

/** What a reload asks of the pipeline. */
export interface Reloadable extends RunningParts {
  plan: Plan;
  createChannel(part: PlanPart): Promise<void>;
  startSource(plan: PlanSource): void;
  startTaker(plan: PlanTaker): void;
  useDeadLetters(part: PlanPart | undefined): Promise<void>;
  /** Waits until these channels hold nothing that a crash could lose, or until the signal aborts. */
  drain(names: Iterable<string>, signal: AbortSignal): Promise<void>;
}

/** What a reload is done with. */
export interface ReloadAbout {
  readonly surroundings: Surroundings;
  /** Aborts when a newer reload is asked for: this one then waits for nothing any more, and the newer one goes on from there. */
  readonly superseded: AbortSignal;
}

/**
 * Goes over to another plan by difference. New channels come first: when one of them cannot be made, nothing has
 * changed. A source whose channels alone changed goes on writing without a stop. A channel that goes away, or changes,
 * is emptied first unless it is durable. When a changed channel cannot be made, it all goes back to the former plan.
 */
export async function reload(pipeline: Reloadable, plan: Plan, about: ReloadAbout): Promise<void> {
  const former = pipeline.plan;
  if (former.name !== plan.name || former.stateDir !== plan.stateDir) {
    throw new ConfigError(
      `Cannot reload: the pipeline's name or state folder changed from "${former.name}" in "${former.stateDir}" ` +
        `to "${plan.name}" in "${plan.stateDir}"; restart it`,
    );
  }
  try {
    await goOver(pipeline, plan, about);
  } catch (cause) {
    if (pipeline.plan !== former && !about.surroundings.endSignal.aborted) {
      await goOver(pipeline, former, about);
    }
    throw cause;
  }
}

async function goOver(pipeline: Reloadable, plan: Plan, about: ReloadAbout): Promise<void> {
  const { surroundings, superseded } = about;
  const former = pipeline.plan;
  const { leaving, changed } = channelChanges(pipeline, plan);
  await createMissing(pipeline, plan);
  pipeline.plan = plan;
  if (!isSameOption(former.deadLetters, plan.deadLetters)) await pipeline.useDeadLetters(plan.deadLetters);
  const { takersToStop, sourcesToStop } = whatStops(pipeline, plan, { leaving, changed });
  for (const source of pipeline.sources.values()) {
    if (!sourcesToStop.includes(source)) await rewire(source, { pipeline, plan, surroundings });
  }
  const why = new Replanned(plan);
  for (const { stop } of sourcesToStop) stop.abort(why);
  const isReady = (channel: string) => !leaving.has(channel);
  await stopAll(pipeline.takers, takersToStop.filter(({ plan: { channel } }) => isReady(channel)), why);
  // Sinks before sources: what a source still waits for may be what only the new sink can deliver.
  startMissing(pipeline, plan, isReady);
  // These may take as long as a sink is down; the rest is at work by now.
  const stopped = Promise.all(sourcesToStop.map(async (source) => {
    await stopAll(pipeline.sources, [source], why);
    if (!superseded.aborted) startMissing(pipeline, plan, isReady);
  }));
  await Promise.race([stopped, aborted(superseded)]);
  if (!superseded.aborted) await empty(pipeline, leaving, superseded);
  if (superseded.aborted) return;
  // What was not delivered stays in its channel, where the end of the pipeline finds and reports it.
  if (surroundings.endSignal.aborted) throw new DeliveryError("The pipeline ended before all was delivered");
  await stopAll(pipeline.takers, takersToStop.filter(({ plan: { channel } }) => !isReady(channel)), why);
  const left = Array.from(leaving, (name) => pipeline.channels.get(name)!);
  for (const name of leaving) await closeChannel(pipeline, name);
  await createMissing(pipeline, plan);
  for (const channel of left) tellOfRest(channel, pipeline);
  startMissing(pipeline, plan, () => true);
}

/** The sinks and sources that cannot go on as they are. */
function whatStops(
  pipeline: Reloadable,
  plan: Plan,
  { leaving, changed }: { readonly leaving: ReadonlySet<string>; readonly changed: ReadonlySet<string> },
) {
  const takersToStop = [...pipeline.takers.values()].filter((taker) => {
    const next = plan.takers.find(({ name }) => name === taker.plan.name);
    return !next || leaving.has(taker.plan.channel) || !isSameTaker(taker.plan, next) ||
      taker.isAlone !== isAlone(next, plan);
  });
  const sourcesToStop = [...pipeline.sources.values()].filter((source) => {
    const next = plan.sources.find(({ name }) => name === source.plan.name);
    return !next || !canStay(source, next, { pipeline, changed }) ||
      (next.plugin.replayable &&
        takersToStop.some(({ resumption }) => source.run.wiring.keepers.sink?.resumption === resumption));
  });
  return { takersToStop, sourcesToStop };
}

/** Starts what the plan has and the pipeline has not, as far as the channels are ready. */
function startMissing(pipeline: Reloadable, plan: Plan, isReady: (channel: string) => boolean): void {
  for (const taker of plan.takers) {
    if (!pipeline.takers.has(taker.name) && isReady(taker.channel)) pipeline.startTaker(taker);
  }
  for (const source of plan.sources) {
    if (!pipeline.sources.has(source.name) && source.channels.every(isReady)) pipeline.startSource(source);
  }
}

/** Channels that end (removed or changed), and among them those that come again with another config. */
function channelChanges({ channels }: RunningParts, plan: Plan) {
  const leaving = new Set<string>();
  const changed = new Set<string>();
  for (const [name, { plan: part }] of channels) {
    const next = plan.channels.find((one) => one.name === name);
    if (next && isSamePart(part, next)) continue;
    leaving.add(name);
    if (next) changed.add(name);
  }
  return { leaving, changed };
}

/** Creates all channels that are not there, or none. */
async function createMissing(pipeline: Reloadable, plan: Plan): Promise<void> {
  const created: string[] = [];
  try {
    for (const part of plan.channels) {
      if (pipeline.channels.has(part.name)) continue;
      await pipeline.createChannel(part);
      created.push(part.name);
    }
  } catch (cause) {
    for (const name of created) await closeChannel(pipeline, name);
    throw cause;
  }
}

interface Change {
  readonly pipeline: Reloadable;
  readonly changed: ReadonlySet<string>;
}

function canStay(source: RunningSource, next: PlanSource, { pipeline, changed }: Change): boolean {
  const { interceptors } = source.plan;
  return !source.stop.signal.aborted && isSamePart(source.plan, next) &&
    interceptors.length === next.interceptors.length &&
    interceptors.every((part, index) => isSamePart(part, next.interceptors[index]!)) &&
    ![...source.plan.channels, ...next.channels].some((name) => changed.has(name)) &&
    (!(next.plugin.replayable || next.plugin.recognises) ||
      isSameKeeper(source.run.wiring.keepers, wiringOf(next, pipeline).keepers));
}

/** Gives a source that stays its new selector and channels; the next batch goes the new way. */
async function rewire(
  source: RunningSource,
  { pipeline, plan, surroundings }: {
    readonly pipeline: Reloadable;
    readonly plan: Plan;
    readonly surroundings: Surroundings;
  },
): Promise<void> {
  const next = plan.sources.find(({ name }) => name === source.plan.name)!;
  const isSame = isSamePart(source.plan.selector, next.selector) &&
    isDeepStrictEqual(source.plan.channels, next.channels);
  if (!isSame) {
    const { signal } = source.run;
    const context = contextOf(source.component, next, { surroundings, signal });
    source.run.wiring = { ...wiringOf(next, pipeline), selector: await createSelector(next, context) };
  }
  source.plan = next;
}

interface Stoppable {
  readonly plan: { readonly name: string };
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

async function stopAll<R extends Stoppable>(
  parts: Map<string, R>,
  ending: readonly R[],
  why: Replanned,
): Promise<void> {
  for (const { stop } of ending) stop.abort(why);
  await Promise.all(ending.map(({ done }) => done));
  for (const part of ending) if (parts.get(part.plan.name) === part) parts.delete(part.plan.name);
}

/** Waits until channels that end hold nothing that their end would lose. */
async function empty(
  pipeline: Reloadable,
  names: ReadonlySet<string>,
  superseded: AbortSignal,
): Promise<void> {
  const ending = Array.from(names, (name) => pipeline.channels.get(name)!)
    .filter(({ port }) => !port.channel.durable);
  for (const { component: { log }, port: { channel: { size } } } of ending) {
    if (size > 0) log.warn("The reload waits until this channel is empty", { events: size });
  }
  await pipeline.drain(ending.map(({ plan }) => plan.name), superseded);
}

/** What a durable channel holds is not lost without it, but nobody gets it. */
function tellOfRest(
  { plan: { name }, component: { log }, port: { channel } }: RunningChannel,
  now: RunningParts,
) {
  if (channel.size === 0 || now.channels.get(name)?.port.channel.durable) return;
  log.warn("Its undelivered events stay on the disk until the pipeline has such a channel again", {
    events: channel.size,
  });
}

async function closeChannel({ channels }: RunningParts, name: string): Promise<void> {
  const closing = channels.get(name);
  channels.delete(name);
  await closing?.port.channel.close();
}

function isAlone({ channel }: PlanTaker, { takers }: Plan): boolean {
  return takers.filter((other) => other.channel === channel).length === 1;
}

function isSameTaker(one: PlanTaker, other: PlanTaker): boolean {
  return one.channel === other.channel && one.sinks.length === other.sinks.length &&
    isSameOption(one.processor, other.processor) &&
    one.sinks.every((sink, index) => isSamePart(sink, other.sinks[index]!));
}

function isSameOption(one: PlanPart | undefined, other: PlanPart | undefined): boolean {
  return one && other ? isSamePart(one, other) : one === other;
}

/** What was written tells of texts behind a closed object, what `create` gets tells of secrets; both must be the same. */
function isSamePart(one: PlanPart, other: PlanPart): boolean {
  return one.name === other.name && one.plugin === other.plugin &&
    isDeepStrictEqual(one.settings, other.settings) && isDeepStrictEqual(one.config, other.config);
}
