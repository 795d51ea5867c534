import type { Operation } from "./disk_faults.ts";
import { append, commit } from "./run_actions.ts";
import type { JournalRun } from "./journal_run.ts";

const FAILING: readonly (readonly Operation[])[] = [
  ["write"],
  ["sync"],
  ["read"],
  ["create", "rename", "remove"],
  ["syncFolder"],
  ["truncate", "write"],
  ["write", "sync", "create", "truncate", "syncFolder"],
];
const HEAL_ATTEMPTS = 4;

/** From now on some operations fail, or the disk is nearly full. */
export function beginFaults(run: JournalRun): void {
  const { random, disk } = run;
  run.isFaulty = true;
  if (random.chance(0.2)) {
    disk.capacityBytes = disk.usedBytes + random.below(40_000);
    return run.note(`the disk holds only ${disk.freeBytes} bytes more`);
  }
  const operations = random.pick(FAILING);
  const odds = random.pick([0.1, 0.5, 1]);
  disk.faults.odds = Object.fromEntries(operations.map((operation) => [operation, odds]));
  run.note(`${operations.join(", ")} fail with odds of ${odds}`);
}

/** The disk works again, and so must the journal: without being opened again, and soon. */
export async function heal(run: JournalRun): Promise<void> {
  run.note("the disk works again");
  run.healDisk();
  // What failed before may be heard only now.
  run.isFaulty = true;
  for (let attempt = 0; attempt < HEAL_ATTEMPTS && run.isFaulty; attempt++) {
    const group = append(run, 1);
    await commit(run);
    if (!run.disk.isAlive || run.failure !== undefined) return;
    if (group && run.model.groups.includes(group)) run.isFaulty = false;
    else await run.time.pass(1000);
  }
  if (run.isFaulty) {
    run.fail(`No append was committed in ${HEAL_ATTEMPTS} attempts after the disk worked again`);
  }
}

/** Turns over one bit of one file. */
export function flip(run: JournalRun): void {
  const { random, disk } = run;
  const files = disk.entries.all().filter(([path, file]) =>
    file.durableBytes > 0 && disk.entries.isDurable(path)
  );
  if (files.length === 0) return;
  const [path, file] = random.pick(files);
  const offset = random.chance(0.3) ? tailOffset(run, file.durableBytes) : random.below(file.durableBytes);
  file.flip(offset, random.below(8));
  run.flipped.add(path, file);
  run.figures.flips++;
  run.note(`a bit turns over in ${path} at ${offset} of ${file.durableBytes}`);
}

function tailOffset({ random }: JournalRun, bytes: number): number {
  return bytes - 1 - random.below(Math.min(bytes, 400));
}
