import { Buffer } from "node:buffer";
import type { Bodies } from "./bodies.ts";
import { readOutput } from "./output.ts";

/** What was written by whom: events of each origin, numbered from 0, and events without any bytes. */
export interface Written {
  readonly counts: ReadonlyMap<string, number>;
  readonly empty: number;
}

/** What a comparison of the output with what was written found. */
export interface Verdict {
  readonly events: number;
  readonly lost: number;
  readonly repeated: number;
  /** Came behind later ones of the same origin. */
  readonly late: number;
  /** Are not what was written, byte for byte. */
  readonly wrong: number;
  /** The first of these, with their places. */
  readonly faults: readonly string[];
}

const FAULTS_KEPT = 12;

/** Compares what is in a folder, or in several that share it, with what was written. */
export function judge(folders: string | readonly string[], written: Written, bodies: Bodies): Verdict {
  const judge = new Judge(written, bodies);
  for (const folder of [folders].flat()) {
    for (const { name, bytes } of readOutput(folder)) judge.read(name, bytes);
  }
  return judge.verdict();
}

class Judge {
  readonly #written: Written;
  readonly #bodies: Bodies;
  /** The next number of each origin. */
  readonly #next = new Map<string, number>();
  readonly #missing = new Map<string, Set<number>>();
  readonly #faults: string[] = [];
  #events = 0;
  #empty = 0;
  #repeated = 0;
  #late = 0;
  #wrong = 0;

  constructor(written: Written, bodies: Bodies) {
    this.#written = written;
    this.#bodies = bodies;
  }

  read(name: string, bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      this.#readLine(bytes.subarray(start, end), `${name}:${start}`);
      start = end + 1;
    }
    if (start === bytes.length) return;
    this.#wrong++;
    this.#blame(`${name}:${start} ends with a torn line of ${bytes.length - start} bytes`);
  }

  verdict(): Verdict {
    let lost = this.#missingAtEnd();
    const { empty } = this.#written;
    if (this.#empty < empty) {
      lost += empty - this.#empty;
      this.#blame(`${empty - this.#empty} of ${empty} empty events are lost`);
    }
    if (this.#empty > empty) {
      this.#repeated += this.#empty - empty;
      this.#blame(`${this.#empty - empty} empty events more than ${empty}`);
    }
    return {
      events: this.#events,
      lost,
      repeated: this.#repeated,
      late: this.#late,
      wrong: this.#wrong,
      faults: this.#faults,
    };
  }

  #readLine(line: Buffer, place: string): void {
    this.#events++;
    if (line.length === 0) {
      this.#empty++;
      return;
    }
    const [, origin, digits] = /^(\S+) (\d+) /.exec(line.subarray(0, 80).toString("utf8")) ?? [];
    const count = origin === undefined ? undefined : this.#written.counts.get(origin);
    const number = Number(digits);
    if (count === undefined || !(number < count) || !this.#isRight(line, origin!, number)) {
      this.#wrong++;
      return this.#blame(
        `${place} is none that was written: ${JSON.stringify(line.subarray(0, 60).toString())}`,
      );
    }
    this.#place(origin!, number, place);
  }

  #isRight(line: Buffer, origin: string, number: number): boolean {
    return Buffer.from(this.#bodies.make(origin, number), "utf8").equals(line);
  }

  #place(origin: string, number: number, place: string): void {
    const next = this.#next.get(origin) ?? 0;
    const missing = this.#missingOf(origin);
    if (number < next) {
      if (!missing.delete(number)) {
        this.#repeated++;
        return this.#blame(`${place} repeats ${origin} ${number} (next is ${next})`);
      }
      this.#late++;
      return this.#blame(`${place} has ${origin} ${number} behind ${next - 1}`);
    }
    if (number > next) this.#blame(`${place} jumps from ${origin} ${next - 1} to ${number}`);
    for (let skipped = next; skipped < number; skipped++) missing.add(skipped);
    this.#next.set(origin, number + 1);
  }

  #missingOf(origin: string): Set<number> {
    const missing = this.#missing.get(origin) ?? new Set();
    this.#missing.set(origin, missing);
    return missing;
  }

  #missingAtEnd(): number {
    let lost = 0;
    for (const [origin, count] of this.#written.counts) {
      const next = this.#next.get(origin) ?? 0;
      const missing = this.#missingOf(origin).size + count - next;
      if (missing > 0) {
        this.#blame(`${missing} of ${count} events of ${origin} are lost; the last is ${next - 1}`);
      }
      lost += missing;
    }
    return lost;
  }

  #blame(fault: string): void {
    if (this.#faults.length < FAULTS_KEPT) this.#faults.push(fault);
  }
}
