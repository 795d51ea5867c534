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
   * When the events were put, in epoch ms; 0 where numbers are never given twice. A journal that was put back in place
   * from a copy gives numbers again, but at a later time.
   */
  readonly timeMs: number;
}

/** More runs than this are not worth their bytes: such a batch goes without an identity. */
const MAX_RUNS = 4096;

/** Joins the identities of batches that become one; nothing when they are not of one stream. */
export function joinIdentities(
  parts: readonly (BatchIdentity | undefined)[],
): BatchIdentity | undefined {
  const stream = parts[0]?.stream;
  if (stream === undefined || parts.some((part) => part?.stream !== stream)) return undefined;
  const runs: IdentityRun[] = [];
  for (const part of parts) for (const run of part!.runs) addRun(runs, run);
  return runs.length > MAX_RUNS ? undefined : { stream, runs };
}

function addRun(runs: IdentityRun[], run: IdentityRun): void {
  const last = runs.at(-1);
  const isNext = last !== undefined && last.first + last.count === run.first && last.timeMs === run.timeMs;
  if (isNext) runs[runs.length - 1] = { ...last, count: last.count + run.count };
  else runs.push(run);
}
