import type { CommittedOffset, ConsumerEvents, FetchedRecords, Partition } from "../client.ts";
import { keyOf } from "../consume/offsets.ts";
import { KafkaError } from "../kafka_error.ts";

/** A partition of ours; nothing of it is handed out until its position is known. */
export interface Holding {
  readonly partition: Partition;
  /** The offset that is handed out next. */
  position: number | undefined;
}

/** The partitions that this member has, and what of them is under way. */
export class Holdings {
  readonly #events: ConsumerEvents;
  readonly #limitMs: number;
  readonly #underWay = new Map<string, Promise<void>>();
  #held = new Map<string, Holding>();
  #giving: Promise<void> | undefined;

  /** @param limitMs for giving back: the group does not wait longer. */
  constructor(events: ConsumerEvents, limitMs: number) {
    this.#events = events;
    this.#limitMs = limitMs;
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** Partitions are being given back: nothing more of them is handed out. */
  get isGiving(): boolean {
    return this.#giving !== undefined;
  }

  get isBusy(): boolean {
    return this.#underWay.size > 0;
  }

  assign(partitions: readonly Partition[]): readonly Holding[] {
    const holdings = partitions.map((partition): Holding => ({ partition, position: undefined }));
    this.#held = new Map(holdings.map((holding) => [keyOf(holding.partition), holding]));
    return holdings;
  }

  find(partition: Partition): Holding | undefined {
    return this.#held.get(keyOf(partition));
  }

  /** Whether it is still the same assignment. */
  has(holding: Holding): boolean {
    return this.find(holding.partition) === holding;
  }

  /** @throws {KafkaError} when one of the offsets is of a partition that others have. */
  mustHold(offsets: readonly (Partition & CommittedOffset)[]): void {
    const stranger = offsets.find((offset) => !this.find(offset));
    if (!stranger) return;
    const text = `OffsetCommit of ${keyOf(stranger)}: the partition is not assigned to this member any more`;
    throw new KafkaError(text, { code: "ILLEGAL_GENERATION", canRetry: false });
  }

  /** Hands records to the owner; resolves when more of the partition may come. */
  async hand(holding: Holding, records: FetchedRecords): Promise<void> {
    const key = keyOf(records);
    // What a former assignment of the same partition has handed out may still be under way.
    const former = this.#underWay.get(key);
    if (former) await former.catch(() => {});
    if (!this.has(holding) || this.isGiving) return;
    holding.position = records.nextOffset;
    const settled = this.#events.onFetched(records);
    if (!settled) return;
    this.#underWay.set(key, settled);
    try {
      await settled;
    } finally {
      if (this.#underWay.get(key) === settled) this.#underWay.delete(key);
    }
  }

  /** Gives back all partitions: waits until what is under way is settled and noted, or the time is over. */
  giveBack(): Promise<void> {
    return this.#giving ??= this.#giveBack().finally(() => this.#giving = undefined);
  }

  /** The group has taken the partitions away. */
  lose(): void {
    const partitions = this.#takeAll();
    if (partitions.length > 0) this.#events.onLost(partitions);
  }

  async #giveBack(): Promise<void> {
    const held = this.#held;
    const partitions = Array.from(held.values(), ({ partition }) => partition);
    if (partitions.length === 0) return;
    const settled = Promise.all([this.#events.onRevoked(partitions), ...this.#underWay.values()]);
    const isSettled = await isWithin(settled, this.#limitMs).catch(() => false);
    if (this.#held !== held) return;
    if (isSettled) this.#takeAll();
    else this.lose();
  }

  #takeAll(): Partition[] {
    const partitions = Array.from(this.#held.values(), ({ partition }) => partition);
    this.#held = new Map();
    return partitions;
  }
}

/** Whether a promise resolves in time; rejects as it does. */
export async function isWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const limit = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => limit.resolve(false), limitMs);
  try {
    return await Promise.race([promise.then(() => true), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}
