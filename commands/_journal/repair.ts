import { denoDisk, type Disk } from "../../journal/mod.ts";
import { writeCheckpoint } from "../../journal/checkpoint.ts";
import { segmentName } from "../../journal/segment.ts";
import { CommandError, EXIT } from "../exit.ts";
import { print } from "../_terminal.ts";
import { holderOf, type JournalHome, segmentsOf } from "./home.ts";
import { counted, faultLines } from "./inspect.ts";
import { cutRanges, isDamaged, planRepair, type RepairPlan, type SegmentPlan } from "./repair_plan.ts";
import { copyFile, writeCut, writeLast, writeRepaired } from "./rewrite.ts";

/** How a journal is to be repaired. */
export interface RepairChoice {
  /** Folder for the repaired journal; the old one is left alone then. */
  readonly to?: string;
  readonly "dry-run"?: boolean;
}

/** Takes what is damaged out of a journal, and keeps it in files of its own; every intact frame stays. */
export async function repair(home: JournalHome, choice: RepairChoice): Promise<number> {
  const isInPlace = choice.to === undefined && choice["dry-run"] !== true;
  // A folder that holds no journal gets no lock file either.
  await segmentsOf(home);
  const locks = isInPlace ? await lockAll(home) : [];
  try {
    if (!isInPlace) await refuseUsed(home);
    const { segments, unfinished } = await segmentsOf(home);
    const plan = await planRepair(home, segments);
    if (plan.faults.length === 0 && choice.to === undefined) {
      print(`${counted(plan.keptFrames, "frame")} read: nothing to repair\n`);
      return EXIT.ok;
    }
    if (choice["dry-run"]) {
      print(`${report(plan)}Dry run: nothing was changed\n`);
      return EXIT.ok;
    }
    for (const path of isInPlace ? unfinished : []) denoDisk.remove(path);
    if (choice.to === undefined) await repairInPlace(plan, home);
    else await repairTo(plan, choice.to);
    print(report(plan));
    return EXIT.ok;
  } finally {
    for (const lock of locks) lock.release();
  }
}

/**
 * Everything is written aside first. The new last segment is named first of all: it knows the whole state and vouches for
 * what lies in front of it, so that a journal is whole before and after each of the steps that follow.
 */
export async function repairInPlace(
  plan: RepairPlan,
  home: JournalHome,
  disk: Disk = denoDisk,
): Promise<void> {
  const last = freePath(
    folderOf([...plan.segments, ...plan.hopeless].at(-1)!.segment.path),
    plan.nextSequence,
  );
  const checkpoint = await writeLast(plan, `${last}.new`);
  const swaps: [from: string, to: string][] = [[`${last}.new`, last]];
  for (const one of plan.segments.filter(isDamaged)) {
    const { path } = one.segment;
    if (hasCut(one)) await writeCut(one, damagedPath(path));
    await writeRepaired(one, `${path}.new`);
    swaps.push([`${path}.new`, path]);
  }
  const damaged = plan.faults.filter(({ kind }) => kind === "damaged-checkpoint");
  for (
    const path of [
      ...plan.hopeless.map(({ segment }) => segment.path),
      ...damaged.map(({ path }) => path),
    ]
  ) {
    swaps.push([path, damagedPath(path)]);
  }
  for (const folder of new Set(swaps.map(([path]) => folderOf(path)))) await disk.syncFolder(folder);
  for (const [from, to] of swaps) {
    disk.rename(from, to);
    await disk.syncFolder(folderOf(to));
  }
  for (const folder of new Set([home.checkpointFolder, home.backupCheckpointFolder])) {
    if (folder !== undefined) await writeCheckpoint(disk, folder, checkpoint);
  }
}

async function repairTo(plan: RepairPlan, folder: string): Promise<void> {
  denoDisk.makeFolder(folder);
  if (denoDisk.list(folder).length > 0) {
    throw new CommandError(`The folder "${folder}" is not empty`, { fix: "name a new one: --to DIR" });
  }
  const targetOf = (path: string) => folder + path.slice(folderOf(path).length);
  for (const one of plan.segments) {
    const { path } = one.segment;
    if (!isDamaged(one)) {
      await copyFile(path, targetOf(path));
      continue;
    }
    if (hasCut(one)) await writeCut(one, damagedPath(targetOf(path)));
    await writeRepaired(one, targetOf(path));
  }
  for (const { segment: { path } } of plan.hopeless) await copyFile(path, damagedPath(targetOf(path)));
  await writeCheckpoint(denoDisk, folder, await writeLast(plan, freePath(folder, plan.nextSequence)));
}

function report({ faults, segments, hopeless, keptFrames }: RepairPlan): string {
  const events = faults.reduce((sum, { events = 0 }) => sum + events, 0);
  const ranges = [...segments, ...hopeless].filter(isDamaged).flatMap(cutRanges);
  const bytes = ranges.reduce((sum, { bytes }) => sum + bytes, 0);
  const cut = bytes === 0 ? "" : `, ${counted(bytes, "damaged byte")} set aside in files named .damaged`;
  return `${faultLines(faults)}${counted(keptFrames, "intact frame")} kept, ${
    counted(events, "event")
  } lost${cut}\n`;
}

function hasCut(plan: SegmentPlan): boolean {
  return plan.segment.head === undefined || cutRanges(plan).length > 0;
}

async function lockAll({ folders, checkpointFolder, backupCheckpointFolder }: JournalHome) {
  const locks: { release(): void }[] = [];
  try {
    for (const folder of new Set([...folders, checkpointFolder, backupCheckpointFolder])) {
      if (folder === undefined) continue;
      denoDisk.makeFolder(folder);
      locks.push(await denoDisk.lock(folder));
    }
    return locks;
  } catch (cause) {
    for (const lock of locks) lock.release();
    throw cause;
  }
}

async function refuseUsed(home: JournalHome): Promise<void> {
  const holder = await holderOf(home);
  if (holder === undefined) return;
  throw new CommandError(`The journal is in use by ${holder}`, {
    fix: "stop that process: what it writes just now would look like damage",
  });
}

/** A name that no segment has; one with the same first sequence holds no event, or is damaged. */
function freePath(folder: string, firstSequence: number): string {
  const names = new Set(denoDisk.list(folder));
  for (let copy = 0;; copy++) {
    const name = segmentName(firstSequence, copy);
    if (!names.has(name)) return `${folder}/${name}`;
  }
}

/** A name that no earlier repair has used. */
function damagedPath(path: string): string {
  const folder = folderOf(path);
  const names = new Set(denoDisk.list(folder));
  const name = `${path.slice(folder.length + 1)}.damaged`;
  for (let copy = 1;; copy++) {
    const free = copy === 1 ? name : `${name}.${copy}`;
    if (!names.has(free)) return `${folder}/${free}`;
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
