import { DeliveryError } from "sluice/plugin";
import type { OutputFile } from "../../_rolling/shelf.ts";
import { type AppendStore, OtherFileError } from "../stores/store.ts";
import type { Transform } from "../formats/transform.ts";

/** What a file appends to, and how. */
export interface AppendFileParts {
  readonly store: AppendStore;
  /** Made anew for each append. */
  transform(): Promise<Transform | undefined>;
  /** The target has made it. Nothing is sent before this resolves. */
  onCreated(path: string): Promise<void>;
  /** Waiting bytes have become more or fewer. */
  onWaiting(bytes: number): void;
  /** Tries until it succeeds, or there is no more to try. */
  persist(path: string, attempt: (tries: number) => Promise<void>): Promise<void>;
}

/** A file at a target that grows by appends. What is written waits here until it is sent, for nobody sees less than an append. */
export class AppendFile implements OutputFile {
  readonly path: string;
  readonly inUsePath: string;
  readonly isBroken = false;
  /** Its length at the target, as far as that is confirmed. */
  targetBytes = 0;
  /** Tries to create it: of an earlier one a file may still appear. */
  creations = 0;
  isForeign = false;
  readonly #parts: AppendFileParts;
  #waiting: Uint8Array[] = [];
  #sentBytes = 0;
  #writtenBytes = 0;
  #joinedBytes = 0;
  #isCreated = false;
  /** An append failed of which something may come late. */
  #mayGrow = false;
  #isOpen = true;

  constructor({ path, inUsePath }: Pick<OutputFile, "path" | "inUsePath">, parts: AppendFileParts) {
    this.path = path;
    this.inUsePath = inUsePath;
    this.#parts = parts;
  }

  get bytes(): number {
    return this.#writtenBytes;
  }

  get joinedBytes(): number {
    return this.#joinedBytes;
  }

  /** Copies: the slices may point into a block that is used again. */
  write(slices: readonly Uint8Array[]): void {
    const bytes = new Uint8Array(slices.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const slice of slices) {
      bytes.set(slice, at);
      at += slice.length;
    }
    this.#waiting.push(bytes);
    this.#writtenBytes += bytes.length;
    this.#parts.onWaiting(bytes.length);
  }

  join(): void {
    this.#joinedBytes = this.#writtenBytes;
  }

  cutBack(offset: number): void {
    let cut = this.#writtenBytes - offset;
    this.#parts.onWaiting(-cut);
    this.#writtenBytes = offset;
    while (cut > 0) {
      const last = this.#waiting.pop()!;
      if (last.length > cut) this.#waiting.push(last.subarray(0, last.length - cut));
      cut -= Math.min(cut, last.length);
    }
  }

  /** Sends what is joined; what a failure leaves is cut off before the next try, and when there is none, by the next start. */
  async sync(joinedBytes: number): Promise<number> {
    const { transform, onWaiting, persist } = this.#parts;
    const bytes = joinedBytes - this.#sentBytes;
    if (bytes === 0) return this.targetBytes;
    const plain = this.#take(bytes);
    const change = await transform();
    const parts = change ? await collect(change(stream(plain))) : plain;
    await persist(this.path, async (tries) => {
      if (tries > 1) this.#mayGrow = true;
      await this.mend();
      await this.#append(parts);
    });
    this.#sentBytes = joinedBytes;
    this.targetBytes += parts.reduce((sum, { length }) => sum + length, 0);
    onWaiting(-bytes);
    return this.targetBytes;
  }

  close(): boolean {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    return wasOpen;
  }

  async #append(parts: readonly Uint8Array[]): Promise<void> {
    const { store } = this.#parts;
    if (!this.#isCreated) await this.#create(store);
    await store.append(this.inUsePath, parts);
  }

  async #create(store: AppendStore): Promise<void> {
    try {
      await store.create(this.inUsePath, this.creations++ > 0);
      await this.#parts.onCreated(this.path);
      this.#isCreated = true;
    } catch (cause) {
      this.isForeign = cause instanceof OtherFileError;
      throw cause;
    }
  }

  /**
   * Cuts off what an append has left of which nobody knows how it ended, however late it came.
   * @throws {ChangedFileError}
   */
  async mend(): Promise<void> {
    if (!this.#mayGrow || !this.#isCreated) return;
    const { inUsePath: path, targetBytes } = this;
    const { store } = this.#parts;
    const held = `"${path}" is still held for a writer that is gone`;
    if (await store.length(path) === undefined) {
      throw new ChangedFileError(`"${path}" is gone: somebody removed it`);
    }
    if (!await store.recover(path)) throw new Error(held);
    const there = await store.length(path) ?? 0;
    if (there < targetBytes) {
      throw new ChangedFileError(`"${path}" has ${there} of ${targetBytes} bytes: somebody changed it`);
    }
    if (there === targetBytes) return;
    // The server may still be at it when it has said yes.
    if (!await store.truncate(path, targetBytes) || !await store.recover(path)) throw new Error(held);
  }

  #take(bytes: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    for (let left = bytes; left > 0;) {
      const first = this.#waiting.shift()!;
      if (first.length > left) this.#waiting.unshift(first.subarray(left));
      taken.push(first.subarray(0, left));
      left -= Math.min(left, first.length);
    }
    return taken;
  }
}

/** Somebody else has removed or cut a file that is appended to: no try changes that. */
export class ChangedFileError extends DeliveryError {}

async function* stream(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return all;
}
