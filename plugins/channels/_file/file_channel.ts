import type {
  Channel,
  ChannelLog,
  Context,
  EventBatch,
  Position,
  PutReceipt,
  TakeOptions,
  TakeTransaction,
} from "sluice/plugin";
import { type JoinedJournal, joinJournal } from "./journals.ts";
import type { ChannelSettings } from "./member.ts";

/** Opens the channel's journal, unless another channel has it open, and the channel on it. */
export async function openFileChannel(settings: ChannelSettings, context: Context): Promise<Channel> {
  return new FileChannel(await joinJournal(settings, context, { hasPositions: true }), settings);
}

/** A cursor in a journal. */
class FileChannel implements Channel {
  readonly durable = true;
  readonly capacity: number;
  readonly maxPutEvents: number;
  readonly maxTakeEvents: number;
  readonly log: ChannelLog;
  readonly #joined: JoinedJournal;
  /** Sequence behind all that was in the journal when the channel was opened. */
  readonly #openedAt: number;
  #closing: Promise<void> | undefined;

  constructor(joined: JoinedJournal, { capacity, transactionCapacity }: ChannelSettings) {
    this.#joined = joined;
    this.#openedAt = joined.shared.journal.committedSequence;
    this.capacity = capacity;
    this.maxPutEvents = this.maxTakeEvents = transactionCapacity;
    this.log = joined.shared;
    joined.shared.add(this, joined.member);
  }

  get size(): number {
    return this.#joined.member.out.size;
  }

  put(batch: EventBatch): Promise<PutReceipt> {
    return this.log.put([{ channel: this, batch }]);
  }

  take(options: TakeOptions): Promise<TakeTransaction> {
    return this.#joined.member.out.take(options);
  }

  async resume(position: Position): Promise<void> {
    const { member: { out, context }, shared } = this.#joined;
    const to = position[out.positionKey];
    if (typeof to !== "number") return;
    const known = Math.max(this.#openedAt, out.givenNext);
    await out.skipTo(Math.min(to, known));
    if (to <= known) return;
    // The journal lost its tail, and would give these numbers to other events: what the sink says must never count again.
    context.log.warn("The sink holds events that the journal has lost; none of them is missing there", {
      sink: to,
      journal: known,
    });
    await shared.journal.moveChannel(context.name, { sequence: known });
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#joined.shared.remove(this);
    await this.#joined.leave();
  }
}
