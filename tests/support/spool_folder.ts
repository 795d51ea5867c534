import { dirname, join } from "node:path";
import type { Position } from "sluice/plugin";
import line from "../../plugins/codecs/line.ts";
import spooldir from "../../plugins/sources/spooldir.ts";
import { codecChoice, runSource, type SourceRun } from "./run_source.ts";
import { until } from "./until.ts";

/** Starts the source on the folder of the test. */
export type Start = (settings?: Record<string, unknown>, resume?: Position) => SourceRun;

/** Runs a test in a spool folder of its own; every source that it starts is stopped at the end. */
export async function inSpoolFolder(test: (folder: string, start: Start) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  const runs: SourceRun[] = [];
  const start: Start = (settings = {}, resume) => {
    const all = {
      spoolDir: folder,
      quietTime: 0,
      pollDelay: 20,
      deserializer: codecChoice(line),
      ...settings,
    };
    const run = runSource(spooldir, all, resume ? { resume } : {});
    runs.push(run);
    return run;
  };
  try {
    await test(folder, start);
  } finally {
    await Promise.allSettled(runs.map((run) => run.stop()));
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Drops a file as a careful user does: whole. */
export function drop(path: string, content: string | Uint8Array, seconds?: number): void {
  const hidden = join(dirname(path), ".being-written");
  Deno.writeFileSync(hidden, typeof content === "string" ? new TextEncoder().encode(content) : content);
  if (seconds !== undefined) Deno.utimeSync(hidden, seconds, seconds);
  Deno.renameSync(hidden, path);
}

/** What lies in a folder. */
export function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();
}

/** Waits until these files lie in a folder, and no others. */
export async function untilNames(folder: string, expected: readonly string[]): Promise<void> {
  await until(`the files ${expected}`, () => names(folder).join() === expected.join());
}
