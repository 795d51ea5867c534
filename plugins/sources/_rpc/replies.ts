/** Answers that may be owed to one client; more stop the reading. */
const MAX_OWED = 16;

/** Writes answers to one client in the order of its calls. */
export class Replies {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #last: Promise<void> = Promise.resolve();
  #owed = 0;

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  /** Writes an answer as soon as it is known and those before it are written. */
  owe(answer: Promise<Uint8Array>): void {
    this.#owed++;
    const earlier = this.#last;
    const write = async () => {
      try {
        await earlier;
        await this.#write(await answer);
      } finally {
        this.#owed--;
      }
    };
    this.#last = write();
    this.#last.catch(() => {});
  }

  /** Resolves when little enough is owed to read on. */
  async room(): Promise<void> {
    if (this.#owed >= MAX_OWED) await this.#last;
  }

  /** Resolves when nothing is owed; rejects when the client has gone. */
  async written(): Promise<void> {
    await this.#last;
  }
}
