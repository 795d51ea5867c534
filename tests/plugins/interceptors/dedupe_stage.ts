import { type Context, EventBatch, type Fate, type Interceptor } from "sluice/plugin";
import dedupe from "../../../plugins/interceptors/dedupe.ts";
import { testContext } from "../../support/context.ts";
import { bodiesOf, configOf } from "./make.ts";

/** A batch's fate in the hand of the test. */
export class TestFate implements Fate {
  readonly waitsFor: Promise<void>[] = [];
  readonly settled: Promise<void>;
  readonly #settling = Promise.withResolvers<void>();

  constructor() {
    this.settled = this.#settling.promise;
    this.settled.catch(() => {});
  }

  waitFor(other: Promise<void>): void {
    this.waitsFor.push(other);
  }

  async commit(): Promise<void> {
    this.#settling.resolve();
    await this.settled;
  }

  async rollback(): Promise<void> {
    this.#settling.reject(new Error("Disk full"));
    await this.settled.catch(() => {});
  }
}

/** A state folder, and the interceptors that were opened on it. */
export interface Stage {
  readonly folder: string;
  readonly context: ReturnType<typeof testContext>;
  open(settings?: Record<string, unknown>, change?: Partial<Context>): Promise<Opened>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** An interceptor at work. */
export class Opened {
  readonly interceptor: Interceptor;

  constructor(interceptor: Interceptor) {
    this.interceptor = interceptor;
  }

  /** What passes of some bodies. */
  pass(bodies: readonly string[], fate: Fate): string[] {
    return bodiesOf(this.batch(EventBatch.from(bodies.map((body) => ({ body }))), fate));
  }

  /** The same for a batch that is safe at once. */
  async passSafely(bodies: readonly string[]): Promise<string[]> {
    const fate = new TestFate();
    const passed = this.pass(bodies, fate);
    await fate.commit();
    return passed;
  }

  batch(batch: EventBatch, fate: Fate): EventBatch {
    return this.interceptor.intercept(batch, fate) as EventBatch;
  }

  async close(): Promise<void> {
    await this.interceptor.close?.();
  }
}

/** Makes a stage, which closes all when the test is over. */
export async function stage(): Promise<Stage> {
  const stateDir = await Deno.makeTempDir();
  const opened: Opened[] = [];
  const context = testContext({ stateDir, name: "in/once" });
  return {
    folder: `${stateDir}/dedupe/in/once`,
    context,
    async open(settings = {}, change = {}) {
      const made = await dedupe.create(configOf(dedupe, settings), { ...context, ...change }) as Interceptor;
      opened.push(new Opened(made));
      return opened.at(-1)!;
    },
    async [Symbol.asyncDispose]() {
      for (const one of opened) await one.close();
      await Deno.remove(stateDir, { recursive: true });
    },
  };
}
