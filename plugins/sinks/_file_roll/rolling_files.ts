import {
  type Codec,
  type Context,
  errorText,
  type EventBatch,
  type Position,
  type Sink,
} from "sluice/plugin";
import { type BucketPart, BucketTemplate } from "./bucket.ts";
import type { Manifest } from "./manifest.ts";
import type { NextName } from "./names.ts";
import { OpenFiles, type OpenWrite, type RollSettings } from "./open_files.ts";
import { startManifest } from "./recovery.ts";
import { SyncGroup } from "./sync_group.ts";

// A write is in all its files or in none. A batch is delivered when the manifest says how long that makes the files, in
// the same commit as the batch's position; whatever a file holds beyond is cut off by the next start. Files that were
// created are noted in the manifest before their first event. A finished file is never opened again.

/** What the sink is told to do. */
export interface SinkSettings extends RollSettings {
  readonly bucket: string;
  readonly sync: "always" | "interval" | "never";
  readonly syncIntervalMs: number;
}

/** What there is between a start and the end. */
interface Run {
  readonly manifest: Manifest;
  readonly files: OpenFiles;
  readonly syncs: SyncGroup | undefined;
}

/** The sink: batches into the files of their buckets. */
export class RollingFiles implements Sink {
  readonly #settings: SinkSettings;
  readonly #parts: { readonly codec: Codec; readonly nextName: NextName; readonly context: Context };
  readonly #template: BucketTemplate;
  #run: Promise<Run> | undefined;

  constructor(settings: SinkSettings, parts: { codec: Codec; nextName: NextName; context: Context }) {
    this.#settings = settings;
    this.#parts = parts;
    this.#template = new BucketTemplate(settings.bucket);
  }

  /** Cuts off what an earlier run wrote and did not deliver, finishes its files, and tells how far it came. */
  async resume(): Promise<Position | undefined> {
    return (await this.#start()).manifest.state.position;
  }

  async write(batch: EventBatch): Promise<void | { delivered: Promise<void> }> {
    if (batch.size === 0) return;
    const run = await this.#start();
    const { files, syncs } = run;
    const write = files.begin();
    try {
      for (const part of this.#template.split(batch)) await this.#writePart(part, write, run);
      syncs?.throwIfFailed();
    } catch (cause) {
      for (const { file, offset } of write.marks) file.cutBack(offset);
      files.end(write);
      throw cause;
    }
    let bytes = 0;
    for (const { file, offset } of write.marks) {
      bytes += file.bytes - offset;
      file.join();
    }
    const grown = write.marks.map(({ file }) => file);
    const delivered = syncs?.join({ files: grown, bytes, position: batch.position });
    files.end(write);
    return delivered && { delivered };
  }

  async close(): Promise<void> {
    const run = await this.#run?.catch(() => undefined);
    this.#run = undefined;
    if (!run) return;
    run.files.finishAll();
    await run.syncs?.flush();
    run.manifest.close();
    const failure = run.syncs?.failure;
    if (failure) {
      this.#parts.context.log.warn(`The next start finishes the files: ${errorText(failure.cause)}`);
    }
  }

  /** Puts the target in order before anything else, once. */
  #start(): Promise<Run> {
    return this.#run ??= this.#begin().catch((cause) => {
      this.#run = undefined;
      throw cause;
    });
  }

  async #begin(): Promise<Run> {
    const { stateDir, name, log, clock, counters } = this.#parts.context;
    const { place, sync: policy, syncIntervalMs: intervalMs } = this.#settings;
    const folder = `${stateDir}/file_roll/${name}`;
    const manifest = await startManifest({ folder, place, keepsPosition: policy !== "never", log });
    const syncs = policy === "never" ? undefined : new SyncGroup({
      policy,
      intervalMs,
      clock,
      log,
      manifest,
      place,
      onClosed: () => counters.add("ConnectionClosedCount"),
      onFailed: () => files.giveUp(),
    });
    const files = new OpenFiles(this.#settings, { ...this.#parts, manifest, syncs });
    return { manifest, files, syncs };
  }

  async #writePart(
    { bucket, batch }: BucketPart,
    { marks }: OpenWrite,
    { files, syncs }: Run,
  ): Promise<void> {
    syncs?.throwIfFailed();
    const open = files.fileOf(bucket);
    const encoded = open.encoder.encode(batch);
    const slices = encoded instanceof Promise ? await encoded : encoded;
    syncs?.throwIfFailed();
    marks.push({ file: open.file, offset: open.file.bytes });
    open.file.write(slices);
    files.grown(open, batch.size);
    await syncs?.drain(this.#settings.maxOpenFiles);
  }
}
