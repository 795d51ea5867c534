import type { PutReceipt } from "./channel.ts";
import { type ChannelPort, joinReceipts } from "./channel_port.ts";
import type { Delivery } from "./delivery.ts";
import { assert } from "./errors.ts";
import type { EventBatch } from "./event_batch.ts";
import { STAGE_MARK } from "./source.ts";
import { yieldTurn } from "./turn.ts";

/** A part of a batch and the channel that gets it. */
export interface Route {
  readonly channel: string;
  readonly batch: EventBatch;
  /** False: its failure is counted and otherwise ignored. */
  readonly required: boolean;
}

/** Chooses channels. */
export interface Selector {
  /** Which channels get which part of the batch. No route for an event drops it. */
  select(batch: EventBatch): readonly Route[];
}

/** What the end of a source's chain needs. */
export interface PutTarget {
  readonly selector: Selector;
  readonly ports: ReadonlyMap<string, ChannelPort>;
  /** Whether a full channel's refusal goes back to the source. */
  readonly refusable: boolean;
  /** Aborts puts that wait when the pipeline must end at once. */
  readonly signal: AbortSignal;
  /** Counts a batch that was rolled back. */
  onRefused(cause: unknown): void;
}

/** The end of a source's chain: fans each batch out to its channels. A write waits for flow, never for commitment. */
export function putStream(target: PutTarget): WritableStream<Delivery> {
  return new WritableStream<Delivery>({
    async write(delivery) {
      await yieldTurn();
      try {
        settle(delivery, await putRoutes(delivery.batch, target));
      } catch (cause) {
        target.onRefused(cause);
        delivery.reject(cause);
      }
    },
  }, { highWaterMark: STAGE_MARK });
}

async function putRoutes(batch: EventBatch, target: PutTarget): Promise<PutReceipt | void> {
  if (batch.size === 0) return;
  const routes = target.selector.select(batch);
  const required = routes.filter((route) => route.required);
  const receipt = await putRequired(required, target);
  for (const route of routes) {
    if (!route.required) portOf(route, target).putOptional(route.batch, target.signal);
  }
  return receipt;
}

async function putRequired(routes: readonly Route[], target: PutTarget): Promise<PutReceipt | void> {
  if (routes.length === 1) return await portOf(routes[0]!, target).put(routes[0]!.batch, target);
  const puts = await Promise.allSettled(
    routes.map((route) => portOf(route, target).put(route.batch, target)),
  );
  const refused = puts.find((put) => put.status === "rejected");
  if (refused) throw refused.reason;
  return joinReceipts(puts.map((put) => put.status === "fulfilled" ? put.value : undefined));
}

function portOf({ channel }: Route, { ports }: PutTarget): ChannelPort {
  const port = ports.get(channel);
  assert(port, `selector chose channel "${channel}", which its source does not have`);
  return port;
}

/** A batch with a position is remembered until it is delivered, any other until it is committed. */
function settle(delivery: Delivery, receipt: PutReceipt | void): void {
  const { committed, delivered } = receipt ?? {};
  const owed = delivery.batch.position === undefined ? [committed] : [committed, delivered];
  delivery.release();
  if (owed.every((promise) => promise === undefined)) return delivery.resolve();
  Promise.all(owed).then(() => delivery.resolve(), (cause) => delivery.reject(cause));
}
