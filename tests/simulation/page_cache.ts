import type { Random } from "./random.ts";

export const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;

/** What a sync that is under way will have made durable when it ends: the pages as they were when it began. */
export interface Flush {
  readonly pages: ReadonlyMap<number, { readonly bytes: Uint8Array; readonly version: number }>;
  readonly bytes: number;
}

/**
 * One file twice: as processes see it (the page cache), and as the disk holds it. A page that was written is dirty until a
 * sync that began after the write has ended; a power cut keeps, loses or tears each dirty page, in any combination.
 */
export class CachedFile {
  #cache = new Uint8Array(PAGE_BYTES);
  #cacheBytes = 0;
  #durable = new Uint8Array(PAGE_BYTES);
  #durableBytes = 0;
  #dirty = new Map<number, number>();
  #nextVersion = 1;
  /** Pages that are clean, and yet not on the disk as the cache shows them: a sync of them failed. */
  readonly #lost = new Set<number>();

  get bytes(): number {
    return this.#cacheBytes;
  }

  get durableBytes(): number {
    return this.#durableBytes;
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0 || this.#cacheBytes !== this.#durableBytes;
  }

  write(bytes: Uint8Array, offset: number): void {
    if (bytes.length === 0) return;
    const end = offset + bytes.length;
    this.#cache = grown(this.#cache, end);
    this.#cache.set(bytes, offset);
    this.#cacheBytes = Math.max(this.#cacheBytes, end);
    this.#touch(offset, end);
  }

  read(into: Uint8Array, offset: number): number {
    const bytes = this.#cache.subarray(0, this.#cacheBytes).subarray(offset, offset + into.length);
    into.set(bytes);
    return bytes.length;
  }

  truncate(bytes: number): void {
    this.#cache = grown(this.#cache, bytes);
    this.#cache.fill(0, Math.min(bytes, this.#cacheBytes));
    // What is cut off, or added as zeros, is news for the disk as far as it holds other bytes there.
    this.#touch(Math.min(bytes, this.#cacheBytes), Math.max(bytes, this.#cacheBytes, this.#durableBytes));
    this.#cacheBytes = bytes;
  }

  beginFlush(): Flush {
    const pages = new Map<number, { bytes: Uint8Array; version: number }>();
    for (const [page, version] of this.#dirty) {
      pages.set(page, { bytes: this.#cachePage(page).slice(), version });
    }
    return { pages, bytes: this.#cacheBytes };
  }

  flush({ pages, bytes }: Flush): void {
    for (const [page, { bytes: content, version }] of pages) {
      this.#store(page, content);
      if (this.#dirty.get(page) === version) this.#dirty.delete(page);
    }
    this.#setDurableBytes(bytes);
  }

  /**
   * A sync that failed, as on Linux: some pages reached the disk, the others are marked clean all the same. The page cache
   * may show what was written until the process ends; then it shows what the disk holds.
   */
  failFlush({ pages, bytes }: Flush, random: Random): void {
    const isEvicted = random.chance(0.3);
    for (const [page, { bytes: content }] of pages) {
      if (random.chance(0.5)) this.#store(page, content);
    }
    this.#setDurableBytes(random.chance(0.5) ? bytes : this.#durableBytes);
    for (const [page, { version }] of pages) {
      if (this.#dirty.get(page) !== version) continue;
      this.#dirty.delete(page);
      this.#lost.add(page);
    }
    if (isEvicted) this.evictLost();
  }

  /** Memory was short: what a failed sync lost is seen to be lost. */
  evictLost(): void {
    for (const page of this.#lost) this.#cachePage(page).set(this.#durablePage(page));
    this.#lost.clear();
  }

  /** The power goes: unsynced pages and sizes are kept, lost or torn; then the file is as the disk has it. */
  cutPower(random: Random): void {
    const bytes = this.#bytesAfterCut(random);
    const mood = random.next();
    for (const page of this.#dirty.keys()) {
      if (random.next() < mood) this.#tear(page, random);
    }
    this.#setDurableBytes(bytes);
    this.#cache = this.#durable.slice();
    this.#cacheBytes = bytes;
    this.#dirty.clear();
    this.#lost.clear();
  }

  /** Turns one bit over in what the disk holds, and in the cache too unless newer bytes stand there. */
  flip(offset: number, bit: number): void {
    if (offset >= this.#durableBytes) throw new RangeError(`No durable byte at ${offset}`);
    this.#durable[offset]! ^= 1 << bit;
    if (this.#dirty.has(Math.floor(offset / PAGE_BYTES)) || offset >= this.#cacheBytes) return;
    this.#cache[offset] = this.#durable[offset]!;
  }

  #bytesAfterCut(random: Random): number {
    const shorter = Math.min(this.#cacheBytes, this.#durableBytes);
    const longer = Math.max(this.#cacheBytes, this.#durableBytes);
    if (shorter === longer || random.chance(0.25)) return this.#durableBytes;
    if (random.chance(0.4)) return this.#cacheBytes;
    // A file that grew in several writes may have any of the sizes between; one that was cut has the old or the new one.
    return this.#cacheBytes > this.#durableBytes ? shorter + random.below(longer - shorter) : longer;
  }

  #tear(page: number, random: Random): void {
    const content = this.#cachePage(page);
    if (random.chance(0.7)) return this.#store(page, content);
    const torn = this.#durablePage(page).slice();
    for (let offset = 0; offset < PAGE_BYTES; offset += SECTOR_BYTES) {
      if (random.chance(0.5)) torn.set(content.subarray(offset, offset + SECTOR_BYTES), offset);
    }
    this.#store(page, torn);
  }

  #touch(offset: number, end: number): void {
    for (let page = Math.floor(offset / PAGE_BYTES); page * PAGE_BYTES < end; page++) {
      this.#dirty.set(page, this.#nextVersion++);
      this.#lost.delete(page);
    }
  }

  #cachePage(page: number): Uint8Array {
    this.#cache = grown(this.#cache, (page + 1) * PAGE_BYTES);
    return this.#cache.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  }

  #durablePage(page: number): Uint8Array {
    this.#durable = grown(this.#durable, (page + 1) * PAGE_BYTES);
    return this.#durable.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  }

  #store(page: number, content: Uint8Array): void {
    this.#durablePage(page).set(content);
  }

  #setDurableBytes(bytes: number): void {
    this.#durable = grown(this.#durable, bytes);
    this.#durable.fill(0, bytes);
    this.#durableBytes = bytes;
  }
}

function grown(block: Uint8Array<ArrayBuffer>, bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes <= block.length) return block;
  const pages = Math.ceil(Math.max(bytes, block.length * 2) / PAGE_BYTES);
  const larger = new Uint8Array(pages * PAGE_BYTES);
  larger.set(block);
  return larger;
}
