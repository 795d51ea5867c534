import type { Decoded, Decoder } from "sluice/plugin";
import type { SpoolFile } from "./spool_folder.ts";
import { formatMark } from "./spool_mark.ts";

/** A file that is being read: where the reading stands, in bytes, and in events for a decoder that needs the start. */
export class Reading {
  readonly file: SpoolFile;
  /** Whether nothing is left in the file. */
  isDone = false;
  /** The block that the next event needs; 0 for any. */
  roomBytes = 0;
  readonly #handle: Deno.FsFile;
  readonly #decoder: Decoder;
  #offset = 0;
  #events = 0;
  #skippedEvents = 0;

  constructor(
    file: SpoolFile,
    handle: Deno.FsFile,
    about: { readonly decoder: Decoder; readonly from: number },
  ) {
    this.file = file;
    this.#handle = handle;
    this.#decoder = about.decoder;
    if (about.decoder.needsStart) this.#skippedEvents = about.from;
    else this.#offset = about.from;
  }

  /** Reads behind the last event and decodes; gives only what was not emitted before. */
  async decode(block: Uint8Array): Promise<Decoded> {
    this.#handle.seekSync(this.#offset, Deno.SeekMode.Start);
    const bytes = block.subarray(0, this.#handle.readSync(block) ?? 0);
    const last = this.#offset + bytes.length >= this.#handle.statSync().size;
    const decoded = await this.#decode(bytes, last);
    const isStuck = decoded.consumedBytes === 0 && decoded.batch.size === 0;
    this.isDone = last && decoded.consumedBytes === bytes.length;
    this.roomBytes = isStuck && !last ? this.#grow(block.length) : 0;
    if (isStuck && last && bytes.length > 0) {
      throw new SyntaxError(`File ends with ${bytes.length} bytes that are no event`);
    }
    return { batch: this.#unread(decoded), consumedBytes: decoded.consumedBytes };
  }

  /** The mark behind some events of what was decoded, of which `offset` is the end in the block if it is known. */
  markInside(events: number, offset: number | undefined): string {
    const { identity } = this.file;
    if (this.#decoder.needsStart) return formatMark({ offset: this.#events + events, identity });
    return formatMark({ offset: this.#offset + (offset ?? 0), identity });
  }

  /** The mark behind all of what was decoded. */
  markBehind({ batch, consumedBytes }: Decoded): string {
    if (this.isDone) return formatMark({ offset: Infinity, identity: this.file.identity });
    return this.markInside(batch.size, consumedBytes);
  }

  advance({ batch, consumedBytes }: Decoded): void {
    this.#offset += consumedBytes;
    this.#events += batch.size;
  }

  async #decode(bytes: Uint8Array, last: boolean): Promise<Decoded> {
    try {
      return await this.#decoder.decode(bytes, last);
    } catch (cause) {
      throw new SyntaxError(`Cannot decode what follows byte ${this.#offset}`, { cause });
    }
  }

  #grow(blockBytes: number): number {
    const { maxEventBytes } = this.#decoder;
    if (blockBytes < maxEventBytes) return Math.min(blockBytes * 2, maxEventBytes);
    throw new SyntaxError(`Event at byte ${this.#offset} is longer than ${maxEventBytes} bytes`);
  }

  #unread({ batch }: Decoded) {
    const skipped = Math.min(Math.max(this.#skippedEvents - this.#events, 0), batch.size);
    this.#events += skipped;
    return skipped === 0 ? batch : batch.slice(skipped, batch.size);
  }
}
