import type { PutReceipt } from "./channel.ts";
import { type ChannelPort, joinReceipts, putShared } from "./channel_port.ts";
import type { Delivery } from "./delivery.ts";
import { assert } from "./errors.ts";
import type { EventBatch } from "./event_batch.ts";
import { carried, type Keeping } from "./keeping.ts";
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

/** What the end of a source's chain needs; selector and ports may change between two batches. */
export interface PutTarget {
  readonly selector: Selector;
  readonly ports: ReadonlyMap<string, ChannelPort>;
  /** The name under which a log keeps the source's position. */
  readonly source: string;
  readonly keeping: Keeping;
  /** Whether a full channel's refusal goes back to the source. */
  readonly refusable: boolean;
  /** Aborts puts that wait when the pipeline must end at once. */
  readonly signal: AbortSignal;
  /** Aborts when a full channel need no longer be waited for; see `PutOptions`. */
  readonly leaving?: AbortSignal | undefined;
  /** Counts a batch that was rolled back. */
  onRefused(cause: unknown): void;
  /** Counts a put that was refused and is tried again here, unknown to the source. */
  readonly onHeld: () => void;
}

/** The end of a source's chain: fans each batch out to its channels. A write waits for flow, never for commitment. */
export function putStream(target: PutTarget): WritableStream<Delivery> {
  return new WritableStream<Delivery>({
    async write(delivery) {
      await yieldTurn();
      try {
        // A log keeps the position at once, so what the answer hangs on must be known before.
        if (target.keeping.log && delivery.awaited.length > 0) await Promise.all(delivery.awaited);
        settle(delivery, await putSomewhere(dated(delivery), target));
      } catch (cause) {
        target.onRefused(cause);
        delivery.reject(cause);
      }
    },
  }, { highWaterMark: STAGE_MARK });
}

/** Done here and not when the batch is emitted: an interceptor may have made a batch of its own. */
function dated({ batch, bornMs }: Delivery): EventBatch {
  return batch.bornMs === bornMs || batch.size === 0 ? batch : batch.with({ bornMs });
}

/** Puts a batch; when a reload has meanwhile taken away what refuses it, it goes the new way. */
async function putSomewhere(batch: EventBatch, target: PutTarget): Promise<PutReceipt | void> {
  for (;;) {
    const { selector } = target;
    const isOutdated = () => target.selector !== selector;
    try {
      return await putRoutes(batch, target, isOutdated);
    } catch (cause) {
      if (!isOutdated() || target.signal.aborted) throw cause;
    }
  }
}

async function putRoutes(
  batch: EventBatch,
  target: PutTarget,
  isOutdated: () => boolean,
): Promise<PutReceipt | void> {
  const position = carried(batch.position, target.keeping);
  const tagged = position === batch.position ? batch : batch.with({ position });
  const routes = batch.size === 0 ? [] : target.selector.select(tagged);
  const required = routes.filter((route) => route.required);
  // Found before the wait, during which a reload may take channels away.
  const optional = routes.filter((route) => !route.required)
    .map((route) => ({ port: portOf(route, target), batch: route.batch }));
  const receipt = await putRequired(required, batch, { target, isOutdated });
  for (const { port, batch } of optional) port.putOptional(batch, target.signal);
  return receipt;
}

async function putRequired(
  routes: readonly Route[],
  { position }: EventBatch,
  { target, isOutdated }: { readonly target: PutTarget; readonly isOutdated: () => boolean },
): Promise<PutReceipt | void> {
  const { source, refusable, signal, leaving, keeping: { log } } = target;
  const options = { refusable, signal, leaving, isOutdated, onHeld: target.onHeld };
  const entries = routes.map((route) => ({ port: portOf(route, target), batch: route.batch }));
  if (log && (position || entries.length > 0)) {
    return await putShared(log, entries, { ...options, ...position && { note: { source, position } } });
  }
  if (entries.length === 1) return await entries[0]!.port.put(entries[0]!.batch, options);
  const ownLogs = Map.groupBy(entries, ({ port }) => port.channel.log ?? port);
  const puts = await Promise.allSettled(
    ownLogs.values().map(async (group) => {
      const [{ port, batch }] = group as [typeof group[0]];
      const shared = port.channel.log;
      return group.length > 1 && shared
        ? await putShared(shared, group, options)
        : await port.put(batch, options);
    }),
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
