import type { ProducePart, ProducerOptions } from "../client.ts";
import { Lane } from "./lane.ts";
import { copyPart, type Outgoing, Sending } from "./outgoing.ts";

/** Bytes that may wait for the brokers before senders have to. */
const ROOM_BYTES = 8 * 1024 * 1024;

/** What of a producer's options concerns the outbox. */
export type OutboxOptions = Pick<ProducerOptions, "lingerMs" | "batchBytes" | "maxRecordBytes">;

/** Records that wait for the brokers, in a lane for each partition. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #deliver: (outgoing: readonly Outgoing[]) => Promise<void>;
  readonly #lanes = new Map<string, Lane>();
  readonly #open = new Set<Sending>();
  readonly #underWay = new Set<Promise<void>>();
  #waiters: (() => void)[] = [];
  #bytes = 0;
  #hurries = 0;

  /** @param deliver settles every record it is given; never rejects. */
  constructor(options: OutboxOptions, deliver: (outgoing: readonly Outgoing[]) => Promise<void>) {
    this.#options = options;
    this.#deliver = deliver;
  }

  /** Copies the records; the second promise resolves when there is room for more. */
  put(parts: readonly ProducePart[]): { readonly sending: Sending; readonly room: Promise<void> } {
    const sending = new Sending(parts.reduce((sum, { bodies }) => sum + bodies.size, 0));
    this.#open.add(sending);
    const forget = () => void this.#open.delete(sending);
    sending.delivered.then(forget, forget);
    for (const part of parts) {
      const outgoing = copyPart(part, sending, this.#options.maxRecordBytes);
      this.#bytes += outgoing.reduce((sum, { bytes }) => sum + bytes, 0);
      if (outgoing.length > 0) this.#lane(part).push(outgoing);
    }
    return { sending, room: this.#room() };
  }

  /** Sends without lingering; resolves when all is settled, with what went wrong first. */
  async flush(): Promise<readonly PromiseSettledResult<void>[]> {
    this.#hurries++;
    for (const lane of this.#lanes.values()) lane.hurry();
    const settled = await Promise.allSettled(Array.from(this.#open, ({ delivered }) => delivered));
    this.#hurries--;
    return settled;
  }

  /** Gives up what waits. */
  drop(cause: Error): void {
    for (const lane of this.#lanes.values()) {
      for (const outgoing of lane.drop()) {
        this.#bytes -= outgoing.bytes;
        outgoing.sending.fail(cause);
      }
    }
    this.#wakeWaiters();
  }

  /** Resolves when nothing is under way; what waits stays. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #lane({ topic, partition }: ProducePart): Lane {
    const key = `${topic}/${partition}`;
    let lane = this.#lanes.get(key);
    if (!lane) {
      const { lingerMs, batchBytes } = this.#options;
      const isHurried = () => this.#hurries > 0;
      const deliver = (outgoing: readonly Outgoing[]) => this.#track(outgoing);
      this.#lanes.set(key, lane = new Lane({ lingerMs, batchBytes, isHurried, deliver }));
    }
    return lane;
  }

  async #track(outgoing: readonly Outgoing[]): Promise<void> {
    const delivering = this.#deliver(outgoing);
    this.#underWay.add(delivering);
    await delivering;
    this.#underWay.delete(delivering);
    for (const { bytes } of outgoing) this.#bytes -= bytes;
    if (this.#bytes < ROOM_BYTES) this.#wakeWaiters();
  }

  #room(): Promise<void> {
    if (this.#bytes < ROOM_BYTES) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wakeWaiters(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}
