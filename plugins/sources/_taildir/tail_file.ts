import type { Position } from "sluice/plugin";
import { type FileGroup, keyOf } from "./file_group.ts";
import { beginsWith, grownHead, type Head, headOf, readHead } from "./head.ts";
import { positionOf, type Progress } from "./progress.ts";

/**
 * A file that is followed by its inode, whatever its name becomes. Each read starts at the first line that was not
 * emitted, so nothing is kept between two reads.
 */
export class TailFile {
  readonly key: string;
  readonly group: FileGroup;
  path: string;
  /** Whether the name matched when the folder was last listed. */
  isListed = true;
  /** Whether it must be looked at although it is closed. */
  isDue = true;
  /** Whether everything that was seen has been read. */
  isAtEnd = false;
  /** What went wrong the last time, so that it is logged once. */
  problem: string | undefined;
  /** When content was last seen to change. */
  changedMs = 0;
  #offset: number;
  #head: Head | undefined;
  #toldHead: Head | undefined;
  #seenBytes: number;
  #mtimeMs: number | undefined;
  #file: Deno.FsFile | undefined;

  constructor(
    about: { readonly key: string; readonly path: string; readonly group: FileGroup },
    { offset, head }: Progress,
  ) {
    this.key = about.key;
    this.path = about.path;
    this.group = about.group;
    this.#offset = this.#seenBytes = offset;
    this.#head = head;
  }

  /** Behind the last line that was emitted. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes that were read and are the start of an unfinished line. */
  get restBytes(): number {
    return this.#seenBytes - this.#offset;
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Opens the file; false when its path now names another one. */
  open(): boolean {
    const file = Deno.openSync(this.path);
    if (keyOf(file.statSync()) !== this.key) {
      file.close();
      return false;
    }
    this.#file = file;
    this.#seenBytes = this.#offset;
    this.#mtimeMs = undefined;
    if (this.#offset > 0) this.#head ??= readHead(file, this.#offset);
    return true;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** Looks whether there is anything new; `restarted` when the file was truncated or rewritten since. */
  check(nowMs: number): "same" | "grown" | "restarted" {
    const { size, mtime } = this.#opened().statSync();
    const mtimeMs = mtime?.getTime() ?? nowMs;
    if (size === this.#seenBytes && mtimeMs === this.#mtimeMs) return "same";
    this.#mtimeMs = mtimeMs;
    this.changedMs = Math.min(mtimeMs, nowMs);
    if (size < this.#offset || !beginsWith(this.#opened(), this.#head)) {
      this.#offset = this.#seenBytes = 0;
      this.#head = undefined;
      return "restarted";
    }
    if (size < this.#seenBytes) this.#seenBytes = this.#offset;
    return size > this.#seenBytes ? "grown" : "same";
  }

  /** Tells from its directory entry whether a closed file must be opened again. */
  hasChanged({ size, mtime }: Deno.FileInfo): boolean {
    return size !== this.#seenBytes || mtime?.getTime() !== this.#mtimeMs;
  }

  /** Whether no name is left for the file. */
  isDeleted(): boolean {
    return this.#opened().statSync().nlink === 0;
  }

  /** Reads from the first line that was not emitted. */
  fill(into: Uint8Array): number {
    const file = this.#opened();
    file.seekSync(this.#offset, Deno.SeekMode.Start);
    const count = file.readSync(into) ?? 0;
    this.#seenBytes = this.#offset + count;
    return count;
  }

  /** Moves on behind lines that are emitted; `start` holds the bytes at the old offset. */
  advance(bytes: number, start: Uint8Array): Position {
    const isFirst = this.#offset === 0;
    this.#offset += bytes;
    if (isFirst) this.#head = headOf(start, bytes);
    else if (this.#head !== undefined) this.#head = grownHead(this.#opened(), this.#head, this.#offset);
    const { offset, head } = this.progress();
    if (head === this.#toldHead) return { [this.key]: offset };
    this.#toldHead = head;
    return positionOf(this.key, { offset, head });
  }

  progress(): Progress {
    return { offset: this.#offset, head: this.#head };
  }

  #opened(): Deno.FsFile {
    if (!this.#file) throw new Error(`File "${this.path}" is not open`);
    return this.#file;
  }
}
