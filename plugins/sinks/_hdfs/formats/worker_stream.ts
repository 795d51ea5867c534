import type { TransformPlan } from "./transform.ts";
import type { FromWorker, ToWorker } from "./transform_wire.ts";

/** So long pieces are enough to hide what sending them costs, and leave little garbage behind at a time. */
const PIECE_BYTES = 256 * 1024;
/** Pieces that are with the worker, or whose answers nobody has fetched. */
const MAX_PIECES = 4;

/** How one file is made elsewhere. */
export interface WorkerStreamParts {
  readonly stream: number;
  readonly plan: TransformPlan;
  post(order: ToWorker, transfer: ArrayBuffer[]): void;
}

/** One file on its way through a worker, seen from the thread that sends it. */
export class WorkerStream {
  readonly #parts: WorkerStreamParts;
  readonly #answers: Exclude<FromWorker, { kind: "fault" }>[] = [];
  /** Buffers that have come back. */
  readonly #rooms: ArrayBuffer[] = [];
  #pieces = 0;
  #fault: { readonly cause: unknown } | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(parts: WorkerStreamParts) {
    this.#parts = parts;
  }

  /** The bytes of the file, of staged ones. */
  async *run(staged: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { stream, plan, post } = this.#parts;
    post({ kind: "begin", stream, plan }, []);
    void this.#feed(staged);
    let isAtEnd = false;
    try {
      while (!isAtEnd) {
        await this.#until(() => this.#answers.length > 0);
        const answer = this.#answers.shift()!;
        isAtEnd = answer.kind === "end";
        yield* answer.parts;
        if (answer.kind === "used") this.#take(answer.room);
      }
    } finally {
      if (!isAtEnd) post({ kind: "abort", stream }, []);
      this.fail(new Error("The file is not sent any more"));
    }
  }

  /** The worker has answered. */
  receive(answer: FromWorker): void {
    if (answer.kind === "fault") return this.fail(answer.cause);
    this.#answers.push(answer);
    this.#wake();
  }

  /** There will be no more of it. */
  fail(cause: unknown): void {
    this.#fault ??= { cause };
    this.#wake();
  }

  async #feed(staged: AsyncIterable<Uint8Array>): Promise<void> {
    const { stream, post } = this.#parts;
    try {
      for await (const bytes of staged) {
        for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
          await this.#until(() => this.#pieces < MAX_PIECES);
          this.#send(bytes.subarray(at, at + PIECE_BYTES));
        }
      }
      if (!this.#fault) post({ kind: "end", stream }, []);
    } catch (cause) {
      this.fail(cause);
    }
  }

  /** Copies it, for its memory is used again here while the worker is at it. */
  #send(bytes: Uint8Array): void {
    const { stream, post } = this.#parts;
    const room = this.#roomFor(bytes.length);
    const piece = new Uint8Array(room, 0, bytes.length);
    piece.set(bytes);
    this.#pieces++;
    post({ kind: "piece", stream, piece }, [room]);
  }

  #roomFor(bytes: number): ArrayBuffer {
    const room = this.#rooms.pop();
    return room && room.byteLength >= bytes ? room : new ArrayBuffer(bytes);
  }

  #take(room: ArrayBuffer): void {
    this.#rooms.push(room);
    this.#pieces--;
    this.#wake();
  }

  async #until(isSo: () => boolean): Promise<void> {
    for (;;) {
      if (this.#fault) throw this.#fault.cause;
      if (isSo()) return;
      await this.#changed.promise;
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
