import type { TransformPlan } from "./transform.ts";
import type { FromWorker } from "./transform_wire.ts";
import { WorkerStream } from "./worker_stream.ts";

/** One worker, and the files that go through it. */
export class TransformThread {
  readonly #worker: Worker;
  readonly #streams = new Map<number, WorkerStream>();
  #count = 0;

  /** `onDeath` is called once when it ends by itself. */
  constructor(worker: Worker, onDeath: () => void) {
    this.#worker = worker;
    worker.onmessage = ({ data: answer }: MessageEvent<FromWorker>) => {
      this.#streams.get(answer.stream)?.receive(answer);
    };
    worker.onerror = (event) => {
      // Otherwise it would end the program.
      event.preventDefault();
      onDeath();
      const [reason] = event.message.split("\n");
      this.end(new Error(`The worker that made the file has ended, so it is made again: ${reason}`));
    };
  }

  /** Files under way. */
  get size(): number {
    return this.#streams.size;
  }

  /** Makes a file there; `onEnd` is called when it is made, or given up. */
  async *run(
    plan: TransformPlan,
    staged: AsyncIterable<Uint8Array>,
    onEnd: () => void,
  ): AsyncGenerator<Uint8Array> {
    const number = ++this.#count;
    const stream = new WorkerStream({
      stream: number,
      plan,
      post: (order, transfer) => this.#worker.postMessage(order, transfer),
    });
    this.#streams.set(number, stream);
    try {
      yield* stream.run(staged);
    } finally {
      this.#streams.delete(number);
      onEnd();
    }
  }

  /** Ends the worker, and what is under way with it. */
  end(cause: unknown): void {
    this.#worker.terminate();
    for (const stream of this.#streams.values()) stream.fail(cause);
  }
}
