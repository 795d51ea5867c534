import {
  type Codec,
  ConfigError,
  type Context,
  DeliveryError,
  type Encoder,
  errorText,
  type EventBatch,
  type Sink,
} from "sluice/plugin";
import { type BucketPart, BucketTemplate } from "./bucket.ts";
import type { NextName } from "./names.ts";
import { OutputFile } from "./output_file.ts";
import { SyncGroup } from "./sync_group.ts";

// A write is in all its files or in none. A batch is delivered when the round of syncs that it joined has succeeded: the
// one place where a file's position may be kept together with its bytes. A finished file is never opened again.

/** When files are opened and closed. */
export interface RollSettings {
  readonly directory: string;
  readonly bucket: string;
  /** 0: never by age, size or count. */
  readonly rollIntervalMs: number;
  readonly rollBytes: number;
  readonly rollEvents: number;
  readonly maxOpenFiles: number;
  readonly sync: "always" | "interval" | "never";
  readonly syncIntervalMs: number;
}

/** A file that is being written. */
interface OpenFile {
  readonly bucket: string;
  readonly file: OutputFile;
  readonly encoder: Encoder;
  readonly finished: AbortController;
  events: number;
  isDue: boolean;
}

/** Where a file ended before a write. */
interface Mark {
  readonly file: OutputFile;
  readonly offset: number;
}

/** Tries to find a name that nobody has taken. */
const MAX_NAME_TRIES = 10_000;

/** The sink: the files that are open, the one written last at the end. */
export class RollingFiles implements Sink {
  readonly #settings: RollSettings;
  readonly #codec: Codec;
  readonly #nextName: NextName;
  readonly #context: Context;
  readonly #template: BucketTemplate;
  readonly #open = new Map<string, OpenFile>();
  readonly #syncs: SyncGroup | undefined;
  #isWriting = false;

  constructor(settings: RollSettings, parts: { codec: Codec; nextName: NextName; context: Context }) {
    const { sync: policy, syncIntervalMs: intervalMs } = settings;
    const { clock } = parts.context;
    this.#settings = settings;
    this.#codec = parts.codec;
    this.#nextName = parts.nextName;
    this.#context = parts.context;
    this.#template = new BucketTemplate(settings.bucket);
    this.#syncs = policy === "never" ? undefined : new SyncGroup({
      policy,
      intervalMs,
      clock,
      onClosed: () => this.#countClosed(),
      onFailed: (files) => this.#forget(files),
    });
    makeFolder(settings.directory);
  }

  async write(batch: EventBatch): Promise<void | { delivered: Promise<void> }> {
    if (batch.size === 0) return;
    const marks: Mark[] = [];
    this.#isWriting = true;
    try {
      for (const part of this.#template.split(batch)) await this.#writePart(part, marks);
      const lost = marks.find(({ file }) => file.isLost)?.file;
      if (lost) throw new DeliveryError(`"${lost.path}" was given up while it was written`);
    } catch (cause) {
      for (const { file, offset } of marks) file.cutBack(offset);
      throw cause;
    } finally {
      this.#isWriting = false;
    }
    const bytes = marks.reduce((sum, { file, offset }) => sum + file.bytes - offset, 0);
    // A source that can replay has let go of the batch already; any other holds it until it is on disk.
    const isPatient = batch.position !== undefined;
    const delivered = this.#syncs?.join(marks.map(({ file }) => file), { bytes, isPatient });
    this.#finishDue();
    return delivered && { delivered };
  }

  async close(): Promise<void> {
    for (const open of [...this.#open.values()]) this.#finish(open);
    await this.#syncs?.flush();
  }

  async #writePart({ bucket, batch }: BucketPart, marks: Mark[]): Promise<void> {
    const { rollBytes, rollEvents } = this.#settings;
    const open = this.#fileOf(bucket);
    const encoded = open.encoder.encode(batch);
    const slices = encoded instanceof Promise ? await encoded : encoded;
    marks.push({ file: open.file, offset: open.file.bytes });
    open.file.write(slices);
    open.events += batch.size;
    if (rollBytes > 0 && open.file.bytes >= rollBytes) open.isDue = true;
    if (rollEvents > 0 && open.events >= rollEvents) open.isDue = true;
    if ((this.#syncs?.finishedCount ?? 0) > this.#settings.maxOpenFiles) await this.#syncs!.flush();
  }

  /** The open file of a bucket; opening one more than allowed finishes the one that was longest unused. */
  #fileOf(bucket: string): OpenFile {
    const known = this.#open.get(bucket);
    if (known && !known.file.isBroken) {
      this.#open.delete(bucket);
      this.#open.set(bucket, known);
      return known;
    }
    if (known) this.#dropBroken(known);
    if (this.#open.size >= this.#settings.maxOpenFiles) this.#finish(this.#open.values().next().value!);
    const open = this.#create(bucket);
    this.#open.set(bucket, open);
    return open;
  }

  #create(bucket: string): OpenFile {
    const { directory, rollIntervalMs } = this.#settings;
    const folder = bucket === "" ? directory : `${directory}/${bucket}`;
    const encoder = this.#codec.encoder!();
    const finished = new AbortController();
    try {
      if (bucket !== "") makeFolder(folder);
      const file = createFile(folder, this.#nextName);
      writeHead(file, encoder);
      const open = { bucket, file, encoder, finished, events: 0, isDue: false };
      this.#addFolders(bucket);
      this.#context.counters.add("ConnectionCreatedCount");
      if (rollIntervalMs > 0) void this.#finishLater(open, rollIntervalMs);
      return open;
    } catch (cause) {
      this.#context.counters.add("ConnectionFailedCount");
      throw cause;
    }
  }

  /** The new name, and those of folders above it, must be on disk too. */
  #addFolders(bucket: string): void {
    let path = this.#settings.directory;
    this.#syncs?.addFolder(path);
    for (const name of bucket === "" ? [] : bucket.split("/")) this.#syncs?.addFolder(path += `/${name}`);
  }

  async #finishLater(open: OpenFile, waitMs: number): Promise<void> {
    await this.#context.clock.sleep(waitMs, open.finished.signal);
    if (open.finished.signal.aborted) return;
    open.isDue = true;
    if (!this.#isWriting) this.#finishDue();
  }

  #finishDue(): void {
    for (const open of [...this.#open.values()]) if (open.isDue) this.#finish(open);
  }

  #finish(open: OpenFile): void {
    this.#open.delete(open.bucket);
    open.finished.abort();
    try {
      const end = open.encoder.end?.();
      if (end) open.file.write([end]);
    } catch (cause) {
      this.#context.log.warn(`A file has no proper end: ${errorText(cause)}`, { path: open.file.path });
    }
    if (this.#syncs) return this.#syncs.finish(open.file);
    open.file.close();
    this.#countClosed();
  }

  #dropBroken(open: OpenFile): void {
    const { path, bytes } = open.file;
    this.#context.log.error("A file may end with a part of an event; going on in a new one", { path, bytes });
    this.#open.delete(open.bucket);
    open.finished.abort();
    if (this.#syncs) return this.#syncs.finish(open.file);
    open.file.close();
    this.#countClosed();
  }

  #forget(files: ReadonlySet<OutputFile>): void {
    for (const open of [...this.#open.values()]) {
      if (!files.has(open.file)) continue;
      this.#open.delete(open.bucket);
      open.finished.abort();
    }
  }

  #countClosed(): void {
    this.#context.counters.add("ConnectionClosedCount");
  }
}

function makeFolder(path: string): void {
  try {
    Deno.mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new ConfigError(`Cannot use folder "${path}": create it, or make it writable`, { cause });
  }
}

function createFile(folder: string, nextName: NextName): OutputFile {
  for (let tries = 1;; tries++) {
    const path = `${folder}/${nextName()}`;
    try {
      return new OutputFile(path);
    } catch (cause) {
      const isTaken = cause instanceof Deno.errors.AlreadyExists;
      if (isTaken && tries < MAX_NAME_TRIES) continue;
      // Without the name, which is another one at each try: what stays the same is logged once.
      if (cause instanceof Deno.errors.NotFound) {
        throw new DeliveryError(`Cannot create a file in "${folder}": the folder is gone; make it again`);
      }
      throw new DeliveryError(`Cannot create a file in "${folder}"`, { cause });
    }
  }
}

function writeHead(file: OutputFile, encoder: Encoder): void {
  const head = encoder.begin?.();
  if (!head) return;
  try {
    file.write([head]);
  } catch (cause) {
    file.close();
    Deno.removeSync(file.path);
    throw cause;
  }
}
