import type { Written } from "./verdict.ts";

/** Writes events for a source, at a pace that the pipeline can follow. */
export interface Feed {
  readonly written: Written;
  /** Bytes that a sink which writes lines makes of all that was written. */
  readonly outputBytes: number;
  /** Writes a little; called again and again. */
  write(): void | Promise<void>;
  /** Completes what is half written. */
  finish(): void;
}

const PACE_MS = 5;

/** Feeds until it is told to stop; holds while more than some bytes are under way. */
export class Feeding {
  readonly #feed: Feed;
  readonly #ended: Promise<void>;
  #isStopped = false;

  constructor(feed: Feed, about: { readonly maxUnderWayBytes: number; readonly arrivedBytes: () => number }) {
    this.#feed = feed;
    this.#ended = this.#run(about);
    this.#ended.catch(() => {});
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
    this.#feed.finish();
  }

  async #run(
    { maxUnderWayBytes, arrivedBytes }: {
      readonly maxUnderWayBytes: number;
      readonly arrivedBytes: () => number;
    },
  ): Promise<void> {
    let isAhead = false;
    for (let step = 0; !this.#isStopped; step++) {
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      if (step % 10 === 0) isAhead = this.#feed.outputBytes - arrivedBytes() > maxUnderWayBytes;
      if (!isAhead) await this.#feed.write();
    }
  }
}
