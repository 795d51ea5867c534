import { type ProducePart, RecordsRefusedError, type RefusedPart } from "../client.ts";

/** What one call of `send` still waits for. */
export class SendOutcome {
  readonly delivered: Promise<void>;
  readonly #settled = Promise.withResolvers<void>();
  readonly #refused = new Map<ProducePart, { indexes: number[]; reason: string }>();
  #open = 1;
  #cause: Error | undefined;

  constructor() {
    this.delivered = this.#settled.promise;
    this.delivered.catch(() => {});
  }

  /** So many records are on their way. */
  expect(records: number): void {
    this.#open += records;
  }

  /** So many have arrived. */
  arrived(records: number): void {
    this.#close(records);
  }

  /** The brokers will never take this one. */
  refused(part: ProducePart, index: number, reason: string): void {
    const known = this.#refused.get(part);
    if (known) known.indexes.push(index);
    else this.#refused.set(part, { indexes: [index], reason });
    this.#close(1);
  }

  /** So many have not arrived, or nobody knows. */
  failed(records: number, cause: Error): void {
    this.#cause ??= cause;
    this.#close(records);
  }

  /** All records of the call are among those expected. */
  complete(): void {
    this.#close(1);
  }

  #close(records: number): void {
    this.#open -= records;
    if (this.#open > 0) return;
    if (this.#cause) return this.#settled.reject(this.#cause);
    if (this.#refused.size === 0) return this.#settled.resolve();
    const parts: RefusedPart[] = Array.from(this.#refused, ([part, { indexes, reason }]) => {
      return { part, indexes: indexes.sort((one, other) => one - other), reason };
    });
    const count = parts.reduce((sum, { indexes }) => sum + indexes.length, 0);
    const text = `The brokers will never take ${count} of the records: ${parts[0]!.reason}`;
    this.#settled.reject(new RecordsRefusedError(text, parts));
  }
}
