import { type JournalOptions, makeSeal } from "../../journal/mod.ts";
import type { Random } from "./random.ts";

/** What a run does beside putting and taking. */
export interface RunOptions {
  readonly journal: JournalOptions;
  /** Bits may turn over on the disk. */
  readonly flips: boolean;
  /** Operations may fail. */
  readonly fails: boolean;
  /** The power may go; without it, processes are killed. */
  readonly cuts: boolean;
}

const KIB = 1024;

/** The shape of a run, different for each seed. */
export function runOptions(random: Random): RunOptions {
  const folders = random.chance(0.3) ? ["/one", "/two"] : ["/one"];
  const seal = random.chance(0.2) ? makeSeal({ compression: "zstd" }) : undefined;
  return {
    journal: {
      folders,
      checkpointFolder: "/checkpoint",
      maxLingerMs: 0,
      ...(random.chance(0.3) ? { backupCheckpointFolder: "/backup" } : {}),
      segmentBytes: random.pick([8, 16, 64]) * KIB,
      sync: random.weighted({ always: 8, interval: 1, never: 1 }),
      syncIntervalMs: 500,
      checkpointIntervalMs: random.pick([500, 30_000]),
      ...(random.chance(0.2) ? { retention: { ms: 5000, bytes: 64 * KIB } } : {}),
      ...(seal === undefined ? {} : { seal }),
    },
    flips: random.chance(0.4),
    fails: random.chance(0.6),
    cuts: random.chance(0.8),
  };
}

/** A journal that rolls often, syncs each commit and keeps one folder: what a fixed scenario wants. */
export function plainOptions(journal: Partial<JournalOptions> = {}): RunOptions {
  return {
    journal: {
      folders: ["/one"],
      checkpointFolder: "/checkpoint",
      maxLingerMs: 0,
      segmentBytes: 8 * KIB,
      ...journal,
    },
    flips: false,
    fails: false,
    cuts: true,
  };
}
