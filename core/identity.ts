// A batch that goes to another agent may go there twice: the answer got lost, or one of the two was killed. Its identity
// lets the receiver recognise what it has accepted before.

/** Which events of a stream a batch holds, in the batch's order. */
export interface BatchIdentity {
  /** Names a sequence of events; no two channels share one. */
  readonly stream: string;
  /** Their counts add up to the batch's size. */
  readonly runs: readonly IdentityRun[];
}

/** Events that follow each other without a gap. */
export interface IdentityRun {
  /** Number of the first event in the stream. */
  readonly first: number;
  readonly count: number;
  /** From here up to the first event the stream has no others; the same as `first` when that is not known. */
  readonly after: number;
  /**
   * When the events were put, in epoch ms; 0 where numbers are never given twice. A machine that is set back to an
   * earlier state while it runs gives numbers again, but at a later time.
   */
  readonly timeMs: number;
}

/** More runs than this are not worth their bytes: such a batch goes without an identity. */
const MAX_RUNS = 4096;

/** Joins the runs of batches that become one; nothing when they are too many to be told. */
export function joinRuns(parts: readonly (readonly IdentityRun[])[]): readonly IdentityRun[] | undefined {
  const runs: IdentityRun[] = [];
  for (const part of parts) for (const run of part) addRun(runs, run);
  return runs.length > MAX_RUNS ? undefined : runs;
}

/** Which events the part of a batch from one place up to (not with) another holds. */
export function sliceIdentity(
  { stream, runs }: BatchIdentity,
  { from, to }: { readonly from: number; readonly to: number },
): BatchIdentity {
  const kept: IdentityRun[] = [];
  let before = 0;
  for (const run of runs) {
    const skipped = Math.max(0, from - before);
    const count = Math.min(run.count, to - before) - skipped;
    const first = run.first + skipped;
    if (count > 0) kept.push({ ...run, first, count, after: skipped > 0 ? first : run.after });
    before += run.count;
  }
  return { stream, runs: kept };
}

function addRun(runs: IdentityRun[], run: IdentityRun): void {
  const last = runs.at(-1);
  const isNext = last !== undefined && last.first + last.count === run.first && last.timeMs === run.timeMs;
  if (isNext) runs[runs.length - 1] = { ...last, count: last.count + run.count };
  else runs.push(run);
}
