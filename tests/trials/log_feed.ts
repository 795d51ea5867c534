import type { Random } from "../simulation/random.ts";
import type { Bodies } from "./bodies.ts";
import type { Feed } from "./feed.ts";

const LOGS = 4;

/** A log file as an application writes it: in pieces that end anywhere, and rotated by renaming. */
class GrowingLog {
  readonly #path: string;
  readonly #name: string;
  #file: Deno.FsFile;
  #rotations = 0;
  /** The end of the last line, which is not written yet. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(folder: string, name: string) {
    this.#path = `${folder}/${name}.log`;
    this.#name = name;
    this.#file = this.#open();
  }

  /** Changes with each rotation. */
  get origin(): string {
    return `${this.#name}.${this.#rotations}`;
  }

  /** Writes what was left and some bytes, up to somewhere in them. */
  write(bytes: Uint8Array, end: number): void {
    this.complete();
    writeAll(this.#file, bytes.subarray(0, end));
    this.#rest = bytes.subarray(end);
  }

  complete(): void {
    writeAll(this.#file, this.#rest);
    this.#rest = new Uint8Array(0);
  }

  /** As log libraries do it: the old file gets its last bytes under its new name. */
  rotate(): void {
    Deno.renameSync(this.#path, `${this.#path}.${this.#rotations++}`);
    this.complete();
    this.#file.close();
    this.#file = this.#open();
  }

  close(): void {
    this.complete();
    this.#file.close();
  }

  #open(): Deno.FsFile {
    return Deno.openSync(this.#path, { append: true, create: true });
  }
}

/** Grows some log files at once. */
export class LogFeed implements Feed {
  readonly written = { counts: new Map<string, number>(), empty: 0 };
  outputBytes = 0;
  readonly #logs: readonly GrowingLog[];
  readonly #bodies: Bodies;
  readonly #random: Random;

  constructor(folder: string, about: { readonly bodies: Bodies; readonly random: Random }) {
    Deno.mkdirSync(`${folder}/logs`, { recursive: true });
    this.#logs = Array.from({ length: LOGS }, (_, index) => new GrowingLog(`${folder}/logs`, `app${index}`));
    this.#bodies = about.bodies;
    this.#random = about.random;
  }

  write(): void {
    const log = this.#random.pick(this.#logs);
    this.append(log, this.#random.chance(0.02) ? this.#random.below(20_000) : this.#random.below(1000));
    if (this.#random.chance(0.01)) log.rotate();
  }

  /** Adds lines; without a log to the first one. */
  append(log: GrowingLog = this.#logs[0]!, lines = 1): void {
    const { origin } = log;
    const count = this.written.counts.get(origin) ?? 0;
    const text = Array.from({ length: lines }, (_, index) => `${this.#bodies.make(origin, count + index)}\n`);
    const bytes = new TextEncoder().encode(text.join(""));
    log.write(bytes, this.#random.chance(0.5) ? bytes.length : this.#random.below(bytes.length + 1));
    this.written.counts.set(origin, count + lines);
    this.outputBytes += bytes.length;
  }

  /** Completes the last lines. */
  finish(): void {
    for (const log of this.#logs) log.complete();
  }

  close(): void {
    for (const log of this.#logs) log.close();
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) offset += file.writeSync(bytes.subarray(offset));
}
