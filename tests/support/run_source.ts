import {
  type AnyPlugin,
  type Context,
  type Emit,
  type EventBatch,
  mergePositions,
  type Position,
  type Source,
  z,
} from "sluice/plugin";
import { testContext } from "./context.ts";
import { until } from "./until.ts";

/** A source at work, and what it has emitted. */
export class SourceRun {
  readonly batches: EventBatch[] = [];
  readonly context: ReturnType<typeof testContext>;
  /** What a pipeline would have kept so far. */
  position: Position | undefined;
  /** Settles as the source's `run` does. */
  readonly ended: Promise<void>;
  /** Awaited before each batch is answered; a rejection rolls the batch back. */
  answer: (batch: EventBatch) => Promise<void> | void = () => {};
  /** What the source waits for before each batch. */
  ready: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();

  constructor(create: (context: Context) => Source | Promise<Source>, change: Partial<Context>) {
    this.context = testContext({ ...change, signal: this.#stop.signal });
    this.position = change.resume;
    this.ended = this.#run(create);
    this.ended.catch(() => {});
  }

  /** All bodies as text, in order. */
  bodies(): string[] {
    return this.batches.flatMap((batch) =>
      Array.from({ length: batch.size }, (_, index) => batch.text(index))
    );
  }

  /** Events so far. */
  get size(): number {
    return this.batches.reduce((sum, { size }) => sum + size, 0);
  }

  /** Waits for so many events, and fails when there are more. */
  async untilSize(size: number): Promise<string[]> {
    await until(`${size} events, not ${this.size}`, () => this.size >= size);
    if (this.size > size) throw new Error(`Got ${this.size} events instead of ${size}`);
    return this.bodies();
  }

  /** Stops the source and waits for its end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }

  async #run(create: (context: Context) => Source | Promise<Source>): Promise<void> {
    const source = await create(this.context);
    const emit = (batch: EventBatch): Promise<void> => {
      this.batches.push(batch.detach());
      batch.lease?.release();
      return this.#settle(batch);
    };
    await source.run(Object.defineProperty(emit, "ready", { get: () => this.ready }) as unknown as Emit);
  }

  async #settle(batch: EventBatch): Promise<void> {
    await this.answer(batch);
    if (batch.position) this.position = mergePositions(this.position, batch.position);
  }
}

/** Starts a source with settings as a pipeline would give them, defaults added. */
export function runSource(
  plugin: AnyPlugin,
  settings: Record<string, unknown>,
  change: Partial<Context> = {},
): SourceRun {
  const config = z.strictObject(plugin.config).parse(settings);
  return new SourceRun((context) => plugin.create(config, context) as Source, change);
}

/** A codec with its settings, defaults added, as a `codec()` field gives it. */
export function codecChoice(plugin: AnyPlugin, settings: Record<string, unknown> = {}) {
  return { plugin, config: z.strictObject(plugin.config).parse(settings) };
}
