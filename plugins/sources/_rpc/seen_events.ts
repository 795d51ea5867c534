import type { IdentityRun } from "sluice/plugin";

/** Events of a stream that were accepted: all from one number up to (not with) another. */
interface Interval {
  readonly from: number;
  readonly to: number;
  /** None of them was put later, in epoch ms. */
  readonly timeMs: number;
}

/** A part of a batch, by places. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What lies further back is forgotten; it could come again, but only from a sender that shares a channel with others. */
const MAX_INTERVALS = 64;
const TEXT = /^[0-9a-z]+\+[0-9a-z]+@[0-9a-z]+$/;

/** Which events of one stream were accepted. Immutable. */
export class SeenEvents {
  static readonly NONE = new SeenEvents([]);
  /** Ascending, with gaps between them. */
  readonly #intervals: readonly Interval[];

  private constructor(intervals: readonly Interval[]) {
    this.#intervals = intervals;
  }

  /** Reads what `toString` wrote; nothing when it is something else. */
  static parse(text: string): SeenEvents | undefined {
    const parts = text === "" ? [] : text.split(",");
    if (!parts.every((part) => TEXT.test(part))) return undefined;
    return new SeenEvents(parts.map((part) => {
      const [from, size, timeMs] = part.split(/[+@]/).map((digits) => parseInt(digits, 36));
      return { from: from!, to: from! + size!, timeMs: timeMs! };
    }));
  }

  toString(): string {
    return this.#intervals.map(({ from, to, timeMs }) =>
      `${from.toString(36)}+${(to - from).toString(36)}@${timeMs.toString(36)}`
    ).join(",");
  }

  /**
   * Whether the numbers of a batch were given before to other, older events: then nothing that is known of the stream
   * holds any longer.
   */
  isOlderThan(runs: readonly IdentityRun[]): boolean {
    return runs.some(({ first, count, timeMs }) =>
      this.#intervals.some((seen) => seen.from < first + count && first < seen.to && seen.timeMs < timeMs)
    );
  }

  /** The parts of a batch that were not accepted before, in order. */
  unseen(runs: readonly IdentityRun[]): readonly Span[] {
    const spans: Span[] = [];
    let base = 0;
    for (const { first, count } of runs) {
      for (const { from, to } of this.#gapsIn(first, first + count)) {
        const span = { from: base + from - first, to: base + to - first };
        const last = spans.at(-1);
        if (last?.to === span.from) spans[spans.length - 1] = { from: last.from, to: span.to };
        else spans.push(span);
      }
      base += count;
    }
    return spans;
  }

  /** The same with the events of a batch. */
  with(runs: readonly IdentityRun[]): SeenEvents {
    let intervals = this.#intervals;
    for (const { after, first, count, timeMs } of runs) {
      intervals = joined(intervals, { from: after, to: first + count, timeMs });
    }
    return new SeenEvents(intervals.slice(-MAX_INTERVALS));
  }

  *#gapsIn(from: number, to: number): Generator<Span> {
    let at = from;
    for (const seen of this.#intervals) {
      if (seen.to <= at) continue;
      if (seen.from >= to) break;
      if (seen.from > at) yield { from: at, to: seen.from };
      at = seen.to;
    }
    if (at < to) yield { from: at, to };
  }
}

function joined(intervals: readonly Interval[], added: Interval): readonly Interval[] {
  const before = intervals.filter(({ to }) => to < added.from);
  const behind = intervals.filter(({ from }) => from > added.to);
  const touched = intervals.slice(before.length, intervals.length - behind.length);
  const all = [added, ...touched];
  return [...before, {
    from: Math.min(...all.map(({ from }) => from)),
    to: Math.max(...all.map(({ to }) => to)),
    timeMs: Math.max(...all.map(({ timeMs }) => timeMs)),
  }, ...behind];
}
