import { type Context, type Encoder, errorText, type EventBatch } from "sluice/plugin";
import type { Manifest } from "./manifest.ts";
import type { NewFile, OpenFile, OpenWrite, RollCause, RollSettings } from "./open_file.ts";
import type { FileWatch, OutputFile, Shelf } from "./shelf.ts";
import type { SyncGroup } from "./sync_group.ts";

/** What open files need beside their settings. */
export interface OpenFilesParts {
  readonly context: Context;
  readonly shelf: Shelf;
  readonly watch?: FileWatch;
  readonly manifest: Manifest;
  /** Absent: a file is finished when it is closed. */
  readonly syncs: SyncGroup | undefined;
  newFile(bucket: string): NewFile;
  /** A file is finished; not told of one that is given up. */
  rolled?(path: string, cause: RollCause): void;
}

/** The files that are open, by bucket, the one written last at the end. */
export class OpenFiles {
  readonly #settings: RollSettings;
  readonly #parts: OpenFilesParts;
  readonly #open = new Map<string, OpenFile>();
  /** Those that are to be finished when no write is on its way. */
  readonly #due = new Set<OpenFile>();
  #write: OpenWrite | undefined;

  constructor(settings: RollSettings, parts: OpenFilesParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Begins a write: until it ends no file is finished that it has written to. */
  begin(): OpenWrite {
    return this.#write = { marks: new Map(), evicted: [] };
  }

  /** Takes out what a write has written so far. */
  cutBack({ marks }: OpenWrite): void {
    for (const [open, { offset, events, bodyBytes }] of marks) {
      open.file.cutBack(offset);
      Object.assign(open, { events, bodyBytes });
    }
  }

  /** Ends the write; the files that are due are finished. */
  end({ marks, evicted }: OpenWrite): void {
    this.#write = undefined;
    for (const file of evicted) this.#settle(file);
    for (const open of marks.keys()) {
      const cause = this.#fullness(open);
      if (cause && this.#open.get(open.bucket) === open) this.#finish(open, cause);
    }
    this.#finishDue();
  }

  /** The open file of a bucket; opening one more than allowed finishes the one that was longest unused. */
  fileOf(bucket: string): OpenFile {
    const known = this.#open.get(bucket);
    const isUsable = known && !known.file.isBroken &&
      (known.file.joinedBytes > 0 || this.#write?.marks.has(known));
    const fullness = isUsable && this.#settings.isExact ? this.#fullness(known) : undefined;
    if (isUsable && !fullness) {
      this.#open.delete(bucket);
      this.#open.set(bucket, known);
      return known;
    }
    if (isUsable) this.#evict(known, fullness!);
    else if (known) this.#drop(known);
    if (this.#open.size >= this.#settings.maxOpenFiles) {
      this.#evict(this.#open.values().next().value!, "room");
    }
    const open = this.#create(bucket);
    this.#open.set(bucket, open);
    return open;
  }

  /** How many events of a batch may go into a file, from one on; at least one, for it is not full. */
  roomIn({ events, bodyBytes }: OpenFile, { size, starts, ends }: EventBatch, from: number): number {
    const { isExact, rollEvents, rollBytes } = this.#settings;
    if (!isExact) return size - from;
    const end = rollEvents > 0 ? Math.min(size, from + rollEvents - events) : size;
    if (rollBytes === 0) return end - from;
    let at = from;
    for (let bytes = bodyBytes; at < end && bytes < rollBytes; at++) bytes += ends[at]! - starts[at]!;
    return at - from;
  }

  /** Counts what was written; a file that is full is finished when the write ends. */
  grown(open: OpenFile, { events, bodyBytes }: Pick<OpenFile, "events" | "bodyBytes">): void {
    open.events += events;
    open.bodyBytes += bodyBytes;
    open.lastWriteMs = this.#parts.context.clock.now();
  }

  finishAll(): void {
    for (const open of [...this.#open.values()]) this.#finish(open, "end");
  }

  /** Closes all files as they are. */
  giveUp(): void {
    for (const { file, finished } of this.#open.values()) {
      finished.abort();
      if (file.close()) this.#countClosed();
    }
    this.#open.clear();
    this.#due.clear();
  }

  #fullness({ file, events, bodyBytes }: OpenFile): RollCause | undefined {
    const { rollBytes, rollEvents, isExact } = this.#settings;
    if (rollEvents > 0 && events >= rollEvents) return "count";
    return rollBytes > 0 && (isExact ? bodyBytes : file.bytes) >= rollBytes ? "size" : undefined;
  }

  #create(bucket: string): OpenFile {
    const { context: { counters, clock }, newFile, shelf, syncs } = this.#parts;
    const { encoder, nextPath } = newFile(bucket);
    try {
      const file = shelf.create(nextPath);
      this.#prepare(file, encoder);
      const open: OpenFile = {
        bucket,
        file,
        encoder,
        finished: new AbortController(),
        events: 0,
        bodyBytes: 0,
        lastWriteMs: clock.now(),
        cause: undefined,
      };
      for (const folder of shelf.foldersOf(file.path)) syncs?.addFolder(folder);
      counters.add("ConnectionCreatedCount");
      if (this.#settings.rollIntervalMs > 0) void this.#finishLater(open);
      if (this.#settings.idleMs > 0) void this.#finishIdle(open);
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
      const head = encoder.begin?.();
      if (head) file.write([head]);
    } catch (cause) {
      this.#discard(file);
      throw cause;
    }
  }

  async #finishLater(open: OpenFile): Promise<void> {
    await this.#parts.context.clock.sleep(this.#settings.rollIntervalMs, open.finished.signal);
    this.#finishSoon(open, "interval");
  }

  async #finishIdle(open: OpenFile): Promise<void> {
    const { clock } = this.#parts.context;
    const { idleMs } = this.#settings;
    for (let waitMs = idleMs; waitMs > 0;) {
      await clock.sleep(waitMs, open.finished.signal);
      if (open.finished.signal.aborted) return;
      // After a jump of the clock back the last write seems to lie ahead.
      waitMs = Math.min(open.lastWriteMs + idleMs - clock.now(), idleMs);
    }
    this.#finishSoon(open, "idle");
  }

  #finishSoon(open: OpenFile, cause: RollCause): void {
    if (open.finished.signal.aborted) return;
    open.cause = cause;
    this.#due.add(open);
    if (!this.#write) this.#finishDue();
  }

  #finishDue(): void {
    for (const open of [...this.#due]) this.#finish(open, open.cause!);
  }

  /** Writes the end of a file and hands it over. */
  #finish(open: OpenFile, cause: RollCause): void {
    this.#remove(open);
    if (open.file.joinedBytes > 0) {
      this.#parts.rolled?.(open.file.path, cause);
      this.#writeEnd(open);
      open.file.join();
    }
    this.#settle(open.file);
  }

  /** Finishes a file to make room; one that the write on its way wrote to when that is through. */
  #evict(open: OpenFile, cause: RollCause): void {
    if (!this.#write?.marks.has(open)) return this.#finish(open, cause);
    this.#remove(open);
    this.#parts.rolled?.(open.file.path, cause);
    this.#writeEnd(open);
    this.#write.evicted.push(open.file);
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
    this.#due.delete(open);
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
    const { syncs, shelf, manifest, context: { log } } = this.#parts;
    if (syncs && file.joinedBytes > 0) return syncs.finish(file);
    try {
      if (file.close()) this.#countClosed();
      if (file.joinedBytes > 0) shelf.publish(file.path, log);
      else this.#discard(file);
      manifest.note({ gone: [file.path] });
    } catch (cause) {
      log.warn(`The next start tries again: ${errorText(cause)}`, { path: file.inUsePath });
    }
  }

  #discard(file: OutputFile): void {
    const { shelf, watch } = this.#parts;
    shelf.remove(file);
    watch?.removed(file.path);
  }

  #countClosed(): void {
    this.#parts.context.counters.add("ConnectionClosedCount");
  }
}
