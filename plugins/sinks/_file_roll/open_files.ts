import { type Codec, type Context, type Encoder, errorText } from "sluice/plugin";
import { createFile, removeFile, writeHead } from "./create_file.ts";
import type { Manifest } from "./manifest.ts";
import type { NextName } from "./names.ts";
import type { OutputFile } from "./output_file.ts";
import type { Place } from "./place.ts";
import type { SyncGroup } from "./sync_group.ts";

/** When files are opened and closed. */
export interface RollSettings {
  readonly place: Place;
  /** 0: never by age, size or count. */
  readonly rollIntervalMs: number;
  readonly rollBytes: number;
  readonly rollEvents: number;
  readonly maxOpenFiles: number;
}

/** A file that is being written. */
export interface OpenFile {
  readonly bucket: string;
  readonly file: OutputFile;
  readonly encoder: Encoder;
  readonly finished: AbortController;
  events: number;
  isDue: boolean;
}

/** A write on its way: where its files ended before, and those of them that had to be closed. */
export interface OpenWrite {
  readonly marks: { readonly file: OutputFile; readonly offset: number }[];
  readonly parked: OutputFile[];
}

/** What open files need beside their settings. */
export interface OpenFilesParts {
  readonly codec: Codec;
  readonly nextName: NextName;
  readonly context: Context;
  readonly manifest: Manifest;
  /** Absent: a file is finished when it is closed. */
  readonly syncs: SyncGroup | undefined;
}

/** The files that are open, by bucket, the one written last at the end. */
export class OpenFiles {
  readonly #settings: RollSettings;
  readonly #parts: OpenFilesParts;
  readonly #open = new Map<string, OpenFile>();
  #write: OpenWrite | undefined;

  constructor(settings: RollSettings, parts: OpenFilesParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Begins a write: until it ends no file is finished that it has written to. */
  begin(): OpenWrite {
    return this.#write = { marks: [], parked: [] };
  }

  /** Ends the write; the files that are due are finished. */
  end({ parked }: OpenWrite): void {
    this.#write = undefined;
    for (const file of parked) this.#settle(file);
    this.#finishDue();
  }

  /** The open file of a bucket; opening one more than allowed finishes the one that was longest unused. */
  fileOf(bucket: string): OpenFile {
    const known = this.#open.get(bucket);
    if (known && !known.file.isBroken && known.file.joinedBytes > 0) {
      this.#open.delete(bucket);
      this.#open.set(bucket, known);
      return known;
    }
    if (known) this.#drop(known);
    if (this.#open.size >= this.#settings.maxOpenFiles) this.#evict(this.#open.values().next().value!);
    const open = this.#create(bucket);
    this.#open.set(bucket, open);
    return open;
  }

  /** Counts what was written; a file that is full is finished when the write ends. */
  grown(open: OpenFile, events: number): void {
    const { rollBytes, rollEvents } = this.#settings;
    open.events += events;
    if (rollBytes > 0 && open.file.bytes >= rollBytes) open.isDue = true;
    if (rollEvents > 0 && open.events >= rollEvents) open.isDue = true;
  }

  finishAll(): void {
    for (const open of [...this.#open.values()]) this.#finish(open);
  }

  /** Closes all files as they are. */
  giveUp(): void {
    for (const { file, finished } of this.#open.values()) {
      finished.abort();
      if (file.close()) this.#countClosed();
    }
    this.#open.clear();
  }

  #create(bucket: string): OpenFile {
    const { context: { counters }, codec, nextName, syncs } = this.#parts;
    const encoder = codec.encoder!();
    try {
      const file = createFile(this.#settings.place, bucket, nextName);
      this.#prepare(file, encoder);
      const open = { bucket, file, encoder, finished: new AbortController(), events: 0, isDue: false };
      for (const folder of this.#settings.place.foldersOf(file.path)) syncs?.addFolder(folder);
      counters.add("ConnectionCreatedCount");
      if (this.#settings.rollIntervalMs > 0) void this.#finishLater(open);
      return open;
    } catch (cause) {
      counters.add("ConnectionFailedCount");
      throw cause;
    }
  }

  /** Notes a file before there is anything in it, so that a restart finds it. */
  #prepare(file: OutputFile, encoder: Encoder): void {
    const { manifest, syncs } = this.#parts;
    try {
      // Without syncs nobody can tell later which bytes are whole events, so all of them stay.
      manifest.note({ files: { [file.path]: syncs ? 0 : null } });
      writeHead(file, encoder);
    } catch (cause) {
      removeFile(file);
      throw cause;
    }
  }

  async #finishLater(open: OpenFile): Promise<void> {
    await this.#parts.context.clock.sleep(this.#settings.rollIntervalMs, open.finished.signal);
    if (open.finished.signal.aborted) return;
    open.isDue = true;
    if (!this.#write) this.#finishDue();
  }

  #finishDue(): void {
    for (const open of [...this.#open.values()]) if (open.isDue) this.#finish(open);
  }

  /** Writes the end of a file and hands it over. */
  #finish(open: OpenFile): void {
    this.#remove(open);
    if (open.file.joinedBytes > 0) {
      this.#writeEnd(open);
      open.file.join();
    }
    this.#settle(open.file);
  }

  /** Finishes a file to make room; one that the write on its way wrote to is only closed until that is through. */
  #evict(open: OpenFile): void {
    if (!this.#write?.marks.some(({ file }) => file === open.file)) return this.#finish(open);
    this.#remove(open);
    this.#writeEnd(open);
    open.file.park();
    this.#write.parked.push(open.file);
  }

  /** Leaves a file that is damaged, or whose first write failed: what its encoder wrote then is gone. */
  #drop(open: OpenFile): void {
    const { inUsePath: path, bytes, isBroken } = open.file;
    const text = "A file may end with a part of an event; going on in a new one";
    if (isBroken) this.#parts.context.log.error(text, { path, bytes });
    this.#remove(open);
    this.#settle(open.file);
  }

  #remove(open: OpenFile): void {
    this.#open.delete(open.bucket);
    open.finished.abort();
  }

  #writeEnd({ encoder, file }: OpenFile): void {
    try {
      const end = encoder.end?.();
      if (end) file.write([end]);
    } catch (cause) {
      const { log } = this.#parts.context;
      log.warn(`A file has no proper end: ${errorText(cause)}`, { path: file.inUsePath });
    }
  }

  /** Hands over a file that is complete; one in which nothing stayed is removed. */
  #settle(file: OutputFile): void {
    const { syncs, manifest, context: { log } } = this.#parts;
    if (syncs && file.joinedBytes > 0) return syncs.finish(file);
    try {
      if (file.close()) this.#countClosed();
      if (file.joinedBytes > 0) this.#settings.place.publish(file.path, log);
      else removeFile(file);
      manifest.note({ gone: [file.path] });
    } catch (cause) {
      log.warn(`The next start tries again: ${errorText(cause)}`, { path: file.inUsePath });
    }
  }

  #countClosed(): void {
    this.#parts.context.counters.add("ConnectionClosedCount");
  }
}
