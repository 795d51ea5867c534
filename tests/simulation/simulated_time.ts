import { setImmediate } from "node:timers";
import type { Random } from "./random.ts";

interface Timer {
  readonly id: number;
  readonly periodMs: number | undefined;
  readonly fire: () => void;
  atMs: number;
}

/** Operations of the disk that are under way at most this long before they end, in simulated milliseconds. */
const MAX_LATENCY_MS = 8;
/** So often nothing is under way before time passes to the next timer: promises may go on in turns of the loop. */
const IDLE_TURNS = 5;
/** So many things may happen before a wait counts as one without an end. */
const MAX_WAIT_STEPS = 20_000;

/**
 * The only clock and the only scheduler of a run. Nothing ends by itself: work that was begun waits here until the driver
 * lets one piece of it end, chosen at random, so that a seed decides every order of events.
 */
export class SimulatedTime {
  readonly #random: Random;
  #nowMs = Date.UTC(2026, 0, 1);
  #work: (() => void)[] = [];
  #timers: Timer[] = [];
  #nextId = 1;

  constructor(random: Random) {
    this.#random = random;
  }

  readonly now = (): number => this.#nowMs;

  /** Runs something later: when the driver lets it happen. */
  later<T>(body: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#work.push(() => {
        try {
          resolve(body());
        } catch (cause) {
          reject(cause);
        }
      });
    });
  }

  /** Forgets all that was begun: the process or the machine is gone. */
  clear(): void {
    this.#work = [];
    this.#timers = [];
  }

  /** Lets promises go on until none of them has anything left to do; the journal takes a turn of the loop itself at times. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets one piece of work end; false when there is none. */
  async step(): Promise<boolean> {
    await this.settle();
    if (this.#work.length === 0) return false;
    const [work] = this.#work.splice(this.#random.below(this.#work.length), 1);
    this.#nowMs += this.#random.below(MAX_LATENCY_MS);
    work!();
    await this.settle();
    return true;
  }

  /** Lets time pass: work that was under way ends, and what falls due is fired. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    while (this.#nowMs < endMs && await this.step());
    for (let timer = this.#nextTimer(); timer && timer.atMs <= endMs; timer = this.#nextTimer()) {
      await this.#fire(timer);
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  /** Lets things happen until the promise is settled, or until `isOver` says that it never will be. */
  async until(promise: Promise<unknown>, isOver: () => boolean = () => false): Promise<void> {
    let isSettled = false;
    const settled = () => void (isSettled = true);
    promise.then(settled, settled);
    for (let steps = 0, idleTurns = 0; steps < MAX_WAIT_STEPS; steps++) {
      await this.settle();
      if (isSettled || isOver()) return;
      if (await this.step()) idleTurns = 0;
      else if (++idleTurns >= IDLE_TURNS) await this.#fireNext();
    }
    throw new Error(`A promise is not settled after ${MAX_WAIT_STEPS} steps`);
  }

  /** Puts this clock in the place of the process's own; the answer puts that back. */
  install(): () => void {
    const real = { setTimeout, clearTimeout, setInterval, clearInterval, now: Date.now };
    const clear = (id: unknown) =>
      void (this.#timers = this.#timers.filter((timer) => timer.id !== idOf(id)));
    Object.assign(globalThis, {
      setTimeout: (fire: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
        this.#start(() => fire(...args), { ms }),
      setInterval: (fire: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
        this.#start(() => fire(...args), { ms, repeats: true }),
      clearTimeout: clear,
      clearInterval: clear,
    });
    Date.now = this.now;
    performance.now = this.now;
    return () => {
      const { now, ...timers } = real;
      Object.assign(globalThis, timers);
      Date.now = now;
      // The clock's own method stands on its prototype.
      Reflect.deleteProperty(performance, "now");
    };
  }

  #start(fire: () => void, { ms, repeats = false }: { ms: number; repeats?: boolean }): object {
    const id = this.#nextId++;
    const waitMs = Math.max(1, ms);
    this.#timers.push({ id, fire, atMs: this.#nowMs + waitMs, periodMs: repeats ? waitMs : undefined });
    return new SimulatedTimer(id);
  }

  #nextTimer(): Timer | undefined {
    return this.#timers.reduce<Timer | undefined>(
      (first, timer) => first === undefined || timer.atMs < first.atMs ? timer : first,
      undefined,
    );
  }

  async #fireNext(): Promise<void> {
    const timer = this.#nextTimer();
    if (timer === undefined) throw new Error("A promise waits although nothing is under way");
    await this.#fire(timer);
  }

  async #fire(timer: Timer): Promise<void> {
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    if (timer.periodMs === undefined) this.#timers.splice(this.#timers.indexOf(timer), 1);
    else timer.atMs = this.#nowMs + timer.periodMs;
    timer.fire();
    await this.settle();
  }
}

/** What `setTimeout` answers; a number to those who want one, an object to those who unref. */
class SimulatedTimer {
  constructor(readonly id: number) {}
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  [Symbol.toPrimitive](): number {
    return this.id;
  }
}

function idOf(timer: unknown): number {
  return timer instanceof SimulatedTimer ? timer.id : Number(timer);
}
