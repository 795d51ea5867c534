/**
 * Bounds the bytes on their way from a topic, for fetches are large and streams count batches alone: who wants to hold more
 * waits for its turn.
 */
export class Room {
  readonly #limitBytes: number;
  readonly #waiting: Wait[] = [];
  #heldBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Resolves when the bytes may be held; the last ones to get in may exceed the limit. */
  reserve(bytes: number): { readonly given: Promise<void>; giveBack(): void } {
    const { promise: given, resolve } = Promise.withResolvers<void>();
    const wait = { bytes, resolve };
    this.#waiting.push(wait);
    this.#admit();
    const giveBack = () => {
      const place = this.#waiting.indexOf(wait);
      if (place >= 0) this.#waiting.splice(place, 1);
      else this.release(bytes);
    };
    return { given, giveBack };
  }

  /** The bytes are not held any more. */
  release(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#admit();
  }

  #admit(): void {
    while (this.#waiting.length > 0 && this.#heldBytes < this.#limitBytes) {
      const { bytes, resolve } = this.#waiting.shift()!;
      this.#heldBytes += bytes;
      resolve();
    }
  }
}

interface Wait {
  readonly bytes: number;
  readonly resolve: () => void;
}
