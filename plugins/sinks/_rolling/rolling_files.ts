import { type Context, errorText, type EventBatch, type Position, type Sink } from "sluice/plugin";
import type { Manifest } from "./manifest.ts";
import type { NewFile, OpenFile, OpenWrite, RollCause, RollSettings } from "./open_file.ts";
import { OpenFiles } from "./open_files.ts";
import { poisonOfWhole } from "./poison_of_whole.ts";
import type { FileWatch, Shelf } from "./shelf.ts";
import { SyncGroup, type SyncOptions } from "./sync_group.ts";

// A write is in all its files or in none. A batch is delivered when the manifest says how long that makes the files, in
// the same commit as the batch's position; whatever a file holds beyond is cut off by the next start. Files that were
// created are noted in the manifest before their first event. A finished file is never opened again.

/** Unsynced bytes that are waited for no longer, whoever can wait. */
const MAX_UNSYNCED_BYTES = 128 * 1024 * 1024;

/** When files roll, and when events count as delivered. */
export interface RollingSettings extends RollSettings {
  readonly sync: SyncOptions["policy"] | "never";
  readonly syncIntervalMs: number;
  readonly maxUnsyncedBytes?: number;
}

/** The events of one batch that belong into one file. */
export interface BucketPart {
  readonly bucket: string;
  readonly batch: EventBatch;
  /** Their places in the batch that was cut; absent where it was not. */
  readonly indexes?: Uint32Array;
}

/** What tells one sink of rolling files from another. */
export interface RollingParts {
  readonly context: Context;
  readonly shelf: Shelf;
  readonly watch?: FileWatch;
  /** Puts the target in order before anything else. */
  start(): Promise<Manifest>;
  /** Cuts a batch by bucket; order within a bucket stays. */
  split(batch: EventBatch): readonly BucketPart[] | Promise<readonly BucketPart[]>;
  newFile(bucket: string): NewFile;
  /** A file is finished. */
  rolled?(path: string, cause: RollCause): void;
  /** All is written: ends what must have ended before another life of the sink begins. */
  written?(): Promise<void>;
}

/** What there is between a start and the end. */
interface Run {
  readonly manifest: Manifest;
  readonly files: OpenFiles;
  readonly syncs: SyncGroup | undefined;
}

/** Batches into the files of their buckets. */
export class RollingFiles implements Sink {
  readonly #settings: RollingSettings;
  readonly #parts: RollingParts;
  #run: Promise<Run> | undefined;
  #files: OpenFiles | undefined;
  #syncs: SyncGroup | undefined;

  constructor(settings: RollingSettings, parts: RollingParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Cuts off what an earlier run wrote and did not deliver, finishes its files, and tells how far it came. */
  async resume(): Promise<Position | undefined> {
    return (await this.#start()).manifest.state.position;
  }

  /** Once a sync was refused nothing is delivered any more, so that the sink is made anew. */
  async write(batch: EventBatch): Promise<void | { delivered: Promise<void> }> {
    if (batch.size === 0) return;
    const run = await this.#start();
    try {
      return await this.#write(batch, run);
    } catch (cause) {
      if (!run.syncs?.failure) throw cause;
      const delivered = Promise.reject(cause);
      delivered.catch(() => {});
      return { delivered };
    }
  }

  async #write(batch: EventBatch, run: Run): Promise<void | { delivered: Promise<void> }> {
    const { files, syncs } = run;
    const write = files.begin();
    try {
      const parts = this.#parts.split(batch);
      for (const part of parts instanceof Promise ? await parts : parts) {
        await this.#writePart(part, write, run);
      }
      syncs?.throwIfFailed();
    } catch (cause) {
      files.cutBack(write);
      files.end(write);
      throw cause;
    }
    let bytes = 0;
    for (const [{ file }, { offset }] of write.marks) {
      bytes += file.bytes - offset;
      file.join();
    }
    const grown = Array.from(write.marks.keys(), ({ file }) => file);
    const delivered = syncs?.join({ files: grown, bytes, position: batch.position });
    files.end(write);
    return delivered && { delivered };
  }

  /** Files that are open, by what they were opened for. */
  get openCount(): number {
    return this.#files?.size ?? 0;
  }

  /** Bytes that are written and not delivered yet. */
  get waitingBytes(): number {
    return this.#syncs?.waitingBytes ?? 0;
  }

  /** A sync was refused: nothing more can be written. */
  get hasFailed(): boolean {
    return this.#syncs?.failure !== undefined;
  }

  /** Finishes the files that are open now; not to be called while a write is under way. */
  finishAll(): void {
    this.#files?.finishAll();
  }

  async close(): Promise<void> {
    const run = await this.#run?.catch(() => undefined);
    this.#run = undefined;
    this.#files = undefined;
    if (!run) return;
    run.files.finishAll();
    await run.syncs?.flush();
    await this.#parts.shelf.settled?.();
    await run.syncs?.flush();
    // The lock of the manifest keeps other lives away.
    await this.#parts.written?.();
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
    const { context, shelf, watch } = this.#parts;
    const { log, clock, counters } = context;
    const { sync: policy, syncIntervalMs: intervalMs, maxUnsyncedBytes = MAX_UNSYNCED_BYTES } =
      this.#settings;
    // What an earlier life of this sink showed is over.
    context.recover();
    const manifest = await this.#parts.start();
    const syncs = policy === "never" ? undefined : new SyncGroup({
      policy,
      intervalMs,
      maxUnsyncedBytes,
      clock,
      log,
      manifest,
      shelf,
      watch,
      onClosed: () => counters.add("ConnectionClosedCount"),
      onFailed: (cause) => this.#fail(files, cause),
    });
    const files = new OpenFiles(this.#settings, { ...this.#parts, manifest, syncs });
    this.#files = files;
    this.#syncs = syncs;
    return { manifest, files, syncs };
  }

  /** Told at once: perhaps nobody waits, and the next write, with which the sink is made anew, may be far away. */
  #fail(files: OpenFiles, cause: unknown): void {
    files.giveUp();
    if (this.#run) this.#parts.context.hold(cause);
  }

  async #writePart({ bucket, batch, indexes }: BucketPart, write: OpenWrite, run: Run): Promise<void> {
    const { files } = run;
    for (let from = 0; from < batch.size;) {
      run.syncs?.throwIfFailed();
      const open = files.fileOf(bucket);
      const piece = batch.slice(from, from + files.roomIn(open, batch, from));
      await this.#writePiece(open, piece, { write, run }).catch((cause) => {
        throw poisonOfWhole(cause, (index) => indexes?.[from + index] ?? from + index);
      });
      from += piece.size;
    }
  }

  async #writePiece(
    open: OpenFile,
    piece: EventBatch,
    { write: { marks }, run: { files, syncs } }: { write: OpenWrite; run: Run },
  ): Promise<void> {
    const { file, encoder, events, bodyBytes } = open;
    const encoded = encoder.encode(piece);
    const slices = encoded instanceof Promise ? await encoded : encoded;
    syncs?.throwIfFailed();
    marks.set(open, { offset: file.bytes, events, bodyBytes });
    const aside = file.writeAside?.(slices);
    if (aside) await aside;
    else file.write(slices);
    const { isExact, rollBytes } = this.#settings;
    files.grown(open, { events: piece.size, bodyBytes: isExact && rollBytes > 0 ? piece.bodyBytes : 0 });
    await syncs?.drain(this.#settings.maxOpenFiles);
  }
}
