import type { Context, EventBatch, Position, Sink } from "sluice/plugin";
import type { Manifest } from "../../_rolling/manifest.ts";
import type { RollSettings } from "../../_rolling/open_file.ts";
import { RollingFiles } from "../../_rolling/rolling_files.ts";
import { Admission } from "./admission.ts";
import { AppendName } from "./append_name.ts";
import { AppendShelf, type AppendShelfOptions } from "./append_shelf.ts";
import type { Buckets } from "../buckets.ts";
import type { FileFormat } from "../formats/format.ts";
import { SinkMetrics } from "../sink_metrics.ts";
import { Stage } from "../stage/stage.ts";
import { nameOf } from "../stage/delivery_way.ts";
import type { StagedFormats } from "../formats/staged_formats.ts";
import { makeTransform } from "../formats/transform.ts";

/** So many times `appendBytes` may wait: while some are sent, others gather. */
const WAITING_ROUNDS = 2;
/** At the end: so long what is under way may take. */
const END_PATIENCE_MS = 20_000;

/** What the sink is made of. */
export interface AppendSinkParts
  extends Omit<AppendShelfOptions, "transform" | "noteCreated" | "onPublished"> {
  readonly context: Context;
  readonly buckets: Buckets;
  readonly format: FileFormat;
  readonly formats: StagedFormats;
  readonly rolls: RollSettings;
  /** What `store` leads to. */
  readonly target: string;
  readonly appendBytes: number;
  readonly appendMs: number;
}

/** Writes events into files that grow at their target; they count as delivered when it has confirmed them. */
export class AppendSink implements Sink {
  readonly #parts: AppendSinkParts;
  readonly #shelf: AppendShelf;
  readonly #rolling: RollingFiles;
  /** Sends what was staged before `durable` was changed. */
  readonly #stage: Stage;
  readonly #metrics: SinkMetrics;
  #manifest: Manifest | undefined;
  readonly #ended = new AbortController();

  constructor(parts: AppendSinkParts) {
    const { context, store, buckets, format, rolls, appendBytes, appendMs } = parts;
    this.#parts = parts;
    this.#metrics = new SinkMetrics(context);
    const shelf = new AppendShelf({
      ...parts,
      // On this thread: to append takes longer than to compress what is appended.
      transform: async () => format.transform && await makeTransform(format.transform),
      noteCreated: (path) => this.#manifest!.commit({ created: [path] }),
      onPublished: (file) => this.#metrics.published(file, store.blockBytes),
    });
    this.#shelf = shelf;
    this.#stage = new Stage({
      ...parts,
      folder: `${context.stateDir}/hdfs/${context.name}`,
      transformOf: (text) => parts.formats.transformOf(text),
      onPublished: ({ head, bytes, cause }) => {
        this.#metrics.published({ path: nameOf(head, 0), bytes, cause }, store.blockBytes);
      },
    });
    const settings = { sync: "gather", syncIntervalMs: appendMs, maxUnsyncedBytes: appendBytes } as const;
    const isAsked = buckets.hasChosenFolders && store.appends?.refusal;
    const admission = isAsked ? new Admission(store.appends!, context) : undefined;
    this.#rolling = new RollingFiles({ ...rolls, ...settings }, {
      context,
      shelf,
      start: () => this.#start(),
      split: (batch) => {
        const cut = buckets.split(batch);
        return admission ? admission.check(cut) : cut;
      },
      newFile: (bucket) => ({
        encoder: format.encoder(),
        nextPath: () => new AppendName({ ...buckets.nextNames(bucket), target: parts.target }).toString(),
      }),
      rolled: (path, cause) => shelf.rolled(path, cause),
      written: () => this.#stage.close(),
    });
  }

  resume(): Promise<Position | undefined> {
    return this.#rolling.resume();
  }

  async write(batch: EventBatch): Promise<void | { delivered: Promise<void> }> {
    while (this.#shelf.waitingBytes >= WAITING_ROUNDS * this.#parts.appendBytes && !this.#rolling.hasFailed) {
      await this.#shelf.change();
    }
    return await this.#rolling.write(batch);
  }

  async close(): Promise<void> {
    const { clock, signal } = this.#parts.context;
    const done = new AbortController();
    this.#ended.abort();
    this.#shelf.endAppends(this.#rolling.hasFailed);
    void clock.sleep(END_PATIENCE_MS, AbortSignal.any([signal, done.signal])).then(() =>
      this.#stage.closeStore()
    );
    await this.#rolling.close();
    // Where nothing was started.
    this.#stage.closeStore();
    this.#parts.formats.close();
    done.abort();
    this.#metrics.show(this.#gauges());
  }

  async #start() {
    const manifest = this.#manifest = await this.#stage.start();
    void this.#metrics.keepShowing(() => this.#gauges(), this.#ended.signal);
    return manifest;
  }

  #gauges(): Record<string, number> {
    return {
      OpenFiles: this.#rolling.openCount,
      UnconfirmedBytes: this.#shelf.waitingBytes,
      FilesBeingNamed: this.#shelf.namingCount,
      ...this.#stage.gauges(),
    };
  }
}
