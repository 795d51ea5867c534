import type { Plan } from "../core/plan.ts";

/** Files that nobody sends: `stage` is their folder. */
export interface LeftStage {
  readonly stage: string;
  readonly files: number;
}

/**
 * Finds events that an hdfs sink has delivered into its stage, `<state folder>/hdfs/<sink>/stage`, where a plan has no such
 * sink any more: it was removed or renamed before all was sent.
 */
export function leftStages({ stateDir, takers, deadLetters }: Plan): readonly LeftStage[] {
  const sinks = [...takers.flatMap(({ sinks }) => sinks), ...deadLetters ? [deadLetters] : []];
  const atWork = new Set(sinks.filter(({ plugin }) => plugin.name === "hdfs").map(({ name }) => name));
  return entriesIn(`${stateDir}/hdfs`).filter(({ name }) => !atWork.has(name)).flatMap(({ name }) => {
    const stage = `${stateDir}/hdfs/${name}/stage`;
    const files = entriesIn(stage).filter(({ isDirectory }) => !isDirectory).length;
    return files > 0 ? [{ stage, files }] : [];
  });
}

/** What is not there, or cannot be looked at, is nothing to tell of. */
function entriesIn(path: string): readonly Deno.DirEntry[] {
  try {
    return Array.from(Deno.readDirSync(path));
  } catch {
    return [];
  }
}
