import type { Agent } from "../agent.ts";

const LOOK_MS = 100;

/** Looks again and again at how much a process holds, and keeps the most that it saw. */
export class Gauge implements Disposable {
  rssBytes = 0;
  descriptors = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  /** `agent` gives the one that runs now, if any; `look` is called at each look, too. */
  constructor(agent: () => Agent | undefined, look: () => void = () => {}) {
    this.#timer = setInterval(() => {
      look();
      const running = agent();
      if (running && !running.hasEnded) this.#measure(running);
    }, LOOK_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #measure(agent: Agent): void {
    try {
      this.rssBytes = Math.max(this.rssBytes, agent.rssBytes());
      const open = Array.from(Deno.readDirSync(`/proc/${agent.pid}/fd`));
      this.descriptors = Math.max(this.descriptors, open.length);
    } catch {
      // It has ended just now.
    }
  }
}
