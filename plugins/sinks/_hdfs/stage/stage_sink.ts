import { type Context, DeliveryError, type EventBatch, type Position, type Sink } from "sluice/plugin";
import type { NewFile, RollSettings } from "../../_rolling/open_file.ts";
import { RollingFiles } from "../../_rolling/rolling_files.ts";
import type { Buckets } from "../buckets.ts";
import { nameOf } from "./delivery_way.ts";
import type { FileFormat } from "../formats/format.ts";
import { GROUP_PATIENCE_MS } from "../append/persist.ts";
import { SinkMetrics } from "../sink_metrics.ts";
import { Stage } from "./stage.ts";
import { encodeStagedHead } from "./staged_head.ts";
import type { StagedFormats } from "../formats/staged_formats.ts";
import type { FileStore } from "../stores/store.ts";
import type { UploaderOptions } from "./uploader.ts";

/** Between two syncs of the stage that no source waits for. */
const SYNC_INTERVAL_MS = 200;

/** What the sink is made of. */
export interface StageSinkParts extends Pick<UploaderOptions, "slots" | "closeTries" | "retryMs"> {
  readonly context: Context;
  readonly buckets: Buckets;
  readonly format: FileFormat;
  readonly formats: StagedFormats;
  readonly store: FileStore;
  /** What `store` leads to. */
  readonly target: string;
  readonly rolls: RollSettings;
  /** 0: without limit. */
  readonly stageBytes: number;
}

/** Writes events into files of the stage, from where they go to their target when they are complete. */
export class StageSink implements Sink {
  readonly #parts: StageSinkParts;
  readonly #stage: Stage;
  readonly #rolling: RollingFiles;
  readonly #metrics: SinkMetrics;
  readonly #ended = new AbortController();

  constructor(parts: StageSinkParts) {
    const { context, store, buckets, formats, rolls } = parts;
    this.#parts = parts;
    this.#metrics = new SinkMetrics(context);
    const stage = new Stage({
      ...parts,
      folder: `${context.stateDir}/hdfs/${context.name}`,
      transformOf: (text) => formats.transformOf(text),
      onPublished: ({ head, bytes, cause }) => {
        this.#metrics.published({ path: nameOf(head, 0), bytes, cause }, store.blockBytes);
      },
    });
    this.#stage = stage;
    this.#rolling = new RollingFiles({ ...rolls, sync: "interval", syncIntervalMs: SYNC_INTERVAL_MS }, {
      context,
      shelf: stage.shelf,
      watch: stage,
      start: () => this.#start(),
      split: (batch) => buckets.split(batch),
      newFile: (bucket) => this.#newFile(bucket),
      rolled: (path, cause) => stage.rolled(path, cause),
      written: () => stage.close(),
    });
  }

  resume(): Promise<Position | undefined> {
    return this.#rolling.resume();
  }

  async write(batch: EventBatch, signal: AbortSignal): Promise<void | { delivered: Promise<void> }> {
    if (this.#isFull) await this.#room(signal);
    return await this.#rolling.write(batch);
  }

  async close(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    await this.#rolling.close();
    // Where nothing was started.
    this.#stage.closeStore();
    this.#parts.formats.close();
    this.#ended.abort();
    this.#metrics.show(this.#gauges());
  }

  get #isFull(): boolean {
    const { stageBytes } = this.#parts;
    return stageBytes > 0 && this.#stage.bytes + this.#rolling.waitingBytes >= stageBytes;
  }

  async #start() {
    const manifest = await this.#stage.start();
    void this.#metrics.keepShowing(() => this.#gauges(), this.#ended.signal);
    return manifest;
  }

  #newFile(bucket: string): NewFile {
    const encoder = this.#parts.format.encoder();
    const file = { bucket, path: "" };
    return {
      encoder: { ...encoderCalls(encoder), begin: () => this.#begin(file, encoder.begin?.()) },
      nextPath: () => file.path = this.#stage.nextPath(),
    };
  }

  /** The names are chosen when the file is there, for its first bytes tell them. */
  #begin(file: { readonly bucket: string; readonly path: string }, head: Uint8Array | undefined): Uint8Array {
    const { buckets, formats } = this.#parts;
    const { bucket } = file;
    let names = buckets.nextNames(bucket);
    while (!this.#stage.claim(names.stem, file)) names = buckets.nextNames(bucket);
    const line = encodeStagedHead({ ...names, format: formats.text });
    if (!head) return line;
    const bytes = new Uint8Array(line.length + head.length);
    bytes.set(line);
    bytes.set(head, line.length);
    return bytes;
  }

  /** Waits until files have left the stage. @throws {DeliveryError} when the sink is to stop, or others can take over. */
  async #room(signal: AbortSignal): Promise<void> {
    const { context, stageBytes } = this.#parts;
    const stop = AbortSignal.any([signal, context.stopSignal ?? signal]);
    const endMs = context.hasSubstitutes ? context.clock.now() + GROUP_PATIENCE_MS : Infinity;
    while (this.#isFull) {
      if (stop.aborted || context.clock.now() >= endMs) {
        throw new DeliveryError(`The stage holds ${this.#stage.bytes} of ${stageBytes} bytes`);
      }
      // Only open files are left, which nothing would finish.
      if (this.#stage.isIdle) this.#rolling.finishAll();
      await this.#stage.change(stop);
    }
  }

  #gauges(): Record<string, number> {
    return { OpenFiles: this.#rolling.openCount, ...this.#stage.gauges() };
  }
}

function encoderCalls(encoder: ReturnType<FileFormat["encoder"]>) {
  return {
    encode: (batch: EventBatch) => encoder.encode(batch),
    ...encoder.end && { end: () => encoder.end!() },
  };
}
