import type { Outgoing } from "./outgoing.ts";

/** Records in one batch: kafkajs copies the list of a batch for each record that it adds. */
const MAX_RECORDS = 1_000;

/** How a lane gathers, and where it delivers to. */
export interface LaneRules {
  readonly lingerMs: number;
  readonly batchBytes: number;
  /** What waits is sent at once. */
  isHurried(): boolean;
  /** Settles every record it is given; never rejects. */
  deliver(outgoing: readonly Outgoing[]): Promise<void>;
}

/** The records for one partition: one batch under way at a time, so that their order holds whatever is tried again. */
export class Lane {
  readonly #rules: LaneRules;
  #waiting: Outgoing[] = [];
  #bytes = 0;
  #isRunning = false;
  #wake: (() => void) | undefined;

  constructor(rules: LaneRules) {
    this.#rules = rules;
  }

  push(outgoing: readonly Outgoing[]): void {
    for (const one of outgoing) {
      this.#waiting.push(one);
      this.#bytes += one.bytes;
    }
    if (!this.#isRunning) this.#run();
    else if (this.#bytes >= this.#rules.batchBytes) this.hurry();
  }

  /** Ends a wait for more records. */
  hurry(): void {
    this.#wake?.();
  }

  /** Takes back all that is not under way yet. */
  drop(): readonly Outgoing[] {
    const dropped = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    this.hurry();
    return dropped;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      if (this.#bytes < this.#rules.batchBytes && !this.#rules.isHurried()) await this.#linger();
      const batch = this.#take();
      if (batch.length > 0) await this.#rules.deliver(batch);
    }
    this.#isRunning = false;
  }

  #linger(): Promise<void> {
    if (this.#rules.lingerMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, this.#rules.lingerMs);
      this.#wake = done;
    });
  }

  /** One batch; a first record that is larger than a batch goes alone. */
  #take(): Outgoing[] {
    let count = 0;
    let bytes = 0;
    for (; count < Math.min(this.#waiting.length, MAX_RECORDS); count++) {
      const next = this.#waiting[count]!.bytes;
      if (count > 0 && bytes + next > this.#rules.batchBytes) break;
      bytes += next;
    }
    this.#bytes -= bytes;
    return this.#waiting.splice(0, count);
  }
}
