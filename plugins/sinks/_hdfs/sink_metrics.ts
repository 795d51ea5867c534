import type { Context } from "sluice/plugin";
import type { RollCause } from "../_rolling/open_file.ts";

const SMALL_WARNING_MS = 60_000;
const SHOW_MS = 5000;

/** The setting that has closed a file. */
const SETTINGS: Readonly<Record<RollCause, string | undefined>> = {
  count: "hdfs.rollCount",
  size: "hdfs.rollSize",
  interval: "hdfs.rollInterval",
  idle: "hdfs.idleTimeout",
  room: "hdfs.maxOpenFiles",
  end: undefined,
};

/** A file that is to be found now. */
interface FinishedFile {
  readonly path: string;
  readonly bytes: number;
  readonly cause: RollCause | undefined;
}

/** Counts what the sink has published, and warns of files far below a block, once a minute at most. */
export class SinkMetrics {
  readonly #context: Context;
  #warnedMs = -Infinity;
  #smallSince = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** `blockBytes`: what a file should fill; absent where that is all the same. */
  published({ path, bytes, cause }: FinishedFile, blockBytes: number | undefined): void {
    const { counters, clock, log } = this.#context;
    counters.add("PublishedFileCount");
    counters.add("PublishedByteCount", bytes);
    // The end of a run leaves small files, and that is nobody's fault.
    if (blockBytes === undefined || bytes >= blockBytes / 10 || cause === "end") return;
    counters.add("SmallFileCount");
    this.#smallSince++;
    const setting = cause && SETTINGS[cause];
    if (!setting || Math.abs(clock.now() - this.#warnedMs) < SMALL_WARNING_MS) return;
    log.warn(`Files are much smaller than a block: ${setting} closes them`, {
      path,
      bytes,
      blockBytes,
      smallFiles: this.#smallSince,
    });
    this.#warnedMs = clock.now();
    this.#smallSince = 0;
  }

  /** Shows values that go up and down, every few seconds until the signal aborts. */
  async keepShowing(values: () => Readonly<Record<string, number>>, end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      this.show(values());
      await this.#context.clock.sleep(SHOW_MS, end);
    }
  }

  /** Shows values that go up and down. */
  show(values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) this.#context.counters.set(name, value);
  }
}
