import { type Context, type EventBatch, PoisonError, type Sink } from "sluice/plugin";
import type { ProducerLink } from "./producer_link.ts";
import type { Router } from "./router.ts";

/** What makes records of batches and sends them. */
export interface SinkParts {
  readonly link: ProducerLink;
  readonly router: Router;
  readonly context: Pick<Context, "clock" | "counters">;
  readonly batchSize: number | undefined;
}

/** Each write is sent at once; several are under way, as many as the producer has room for. */
export class PlainSink implements Sink {
  readonly #parts: SinkParts;
  #hasFailed = false;

  constructor(parts: SinkParts) {
    this.#parts = parts;
  }

  get batchSize(): number | undefined {
    return this.#parts.batchSize;
  }

  async write(batch: EventBatch): Promise<void | { delivered: Promise<void> }> {
    if (batch.size === 0) return;
    const { link, router, context } = this.#parts;
    try {
      const producer = await link.producer();
      const countOf = (topic: string) => producer.partitionCount(topic);
      const routed = await router.route(batch, { nowMs: context.clock.now(), countOf });
      const { delivered } = await link.send(producer, routed, batch.size);
      return { delivered: delivered.catch((cause) => this.#fail(cause)) };
    } catch (cause) {
      if (!(cause instanceof PoisonError)) context.counters.add("RollbackCount");
      throw cause;
    }
  }

  async close(): Promise<void> {
    // After a failure all that is open is taken again: what is sent now would be there twice.
    await this.#parts.link.close((producer) => this.#hasFailed ? Promise.resolve() : producer.flush());
  }

  #fail(cause: unknown): never {
    this.#hasFailed = true;
    this.#parts.context.counters.add("RollbackCount");
    throw cause;
  }
}
