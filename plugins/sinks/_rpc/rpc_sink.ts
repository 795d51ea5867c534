import { type Context, DeliveryError, type EventBatch, type Sink } from "sluice/plugin";
import type { RpcSettings } from "./fields.ts";

/** A connection to the next hop. */
export interface RpcClient {
  /**
   * Sends all events in one call, whose bytes are made before this returns. Resolves when the next hop has answered OK;
   * rejects when it refused or the connection broke.
   */
  send(batch: EventBatch, signal: AbortSignal): Promise<void>;
  /** No more calls can be made: the other side has closed it, or an answer did not come. */
  readonly isBroken: boolean;
  close(): void;
}

/** Makes a sink of whatever connects: batches as the settings want them, new connections when they must be, Flume's counters. */
export function rpcSink(
  settings: RpcSettings,
  context: Context,
  connect: (signal: AbortSignal) => Promise<RpcClient>,
): Sink {
  const link = new Link(settings, context, connect);
  const batchSize = settings["batch-size"];
  return {
    batchSize,
    async write(batch, signal) {
      if (batch.size === 0) return;
      const client = await link.client(signal);
      context.counters.add(batch.size < batchSize ? "BatchUnderflowCount" : "BatchCompleteCount");
      try {
        await client.send(batch, signal);
      } catch (cause) {
        // As in Flume a refusal also ends the connection: behind a balancer the next one may lead elsewhere.
        link.close();
        throw cause;
      }
    },
    close: () => Promise.resolve(link.close()),
  };
}

/** The one connection of a sink, made when it is needed. */
class Link {
  readonly #settings: RpcSettings;
  readonly #context: Context;
  readonly #connect: (signal: AbortSignal) => Promise<RpcClient>;
  #client: RpcClient | undefined;
  #madeMs = 0;

  constructor(
    settings: RpcSettings,
    context: Context,
    connect: (signal: AbortSignal) => Promise<RpcClient>,
  ) {
    this.#settings = settings;
    this.#context = context;
    this.#connect = connect;
  }

  /** The connection that is open, or a new one where that is broken or too old. */
  async client(signal: AbortSignal): Promise<RpcClient> {
    const { counters, clock, log } = this.#context;
    const { hostname, port } = this.#settings;
    if (this.#client && (this.#client.isBroken || this.#isOld())) this.close();
    if (this.#client) return this.#client;
    try {
      this.#client = await this.#connect(signal);
    } catch (cause) {
      counters.add("ConnectionFailedCount");
      throw new DeliveryError(`Cannot connect to ${hostname}:${port}`, { cause });
    }
    counters.add("ConnectionCreatedCount");
    log.debug("Connected", { hostname, port });
    this.#madeMs = clock.now();
    return this.#client;
  }

  close(): void {
    if (!this.#client) return;
    this.#client.close();
    this.#client = undefined;
    this.#context.counters.add("ConnectionClosedCount");
  }

  #isOld(): boolean {
    const intervalMs = this.#settings["reset-connection-interval"] * 1000;
    return intervalMs > 0 && this.#context.clock.now() - this.#madeMs >= intervalMs;
  }
}
