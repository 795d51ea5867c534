import type {
  Channel,
  Context,
  EventBatch,
  Position,
  PutReceipt,
  TakeOptions,
  TakeTransaction,
} from "sluice/plugin";
import { Backlog } from "./backlog.ts";
import { Reading, type ReadingOptions } from "./reading.ts";
import { Sending, type SendingOptions } from "./sending.ts";

/** The two ends of a channel. */
export interface ChannelEnds {
  readonly context: Context;
  readonly sending: Omit<SendingOptions, "context" | "backlog">;
  readonly reading: Omit<ReadingOptions, "context" | "backlog">;
}

/** A topic: what is put is sent, from the first put on; what is taken is read as a member of a group, from the first take on. */
export class KafkaChannel implements Channel {
  readonly durable = true;
  readonly capacity = Infinity;
  readonly #backlog: Backlog;
  readonly #sending: Sending;
  readonly #reading: Reading;

  constructor({ context, sending, reading }: ChannelEnds) {
    this.#backlog = new Backlog(context.clock);
    const shared = { context, backlog: this.#backlog };
    this.#sending = new Sending({ ...shared, ...sending });
    this.#reading = new Reading({ ...shared, ...reading });
  }

  get size(): number {
    return this.#backlog.size;
  }

  put(batch: EventBatch): Promise<PutReceipt> {
    return this.#sending.put(batch);
  }

  take(options: TakeOptions): Promise<TakeTransaction> {
    return this.#reading.take(options);
  }

  resume(position: Position): void {
    this.#reading.resume(position);
  }

  async close(): Promise<void> {
    await Promise.all([this.#sending.close(), this.#reading.close()]);
  }
}
