import { join } from "node:path";
import { megabytesPerSecond } from "./figures.ts";
import type { Lab } from "./lab.ts";

/** Copies a file as `cp` does and forces it to disk; MB/s. */
export async function measureCopy(from: string, lab: Lab): Promise<number> {
  return await lab.inFolder(async (folder) => {
    const target = join(folder, "copy");
    const startMs = performance.now();
    await Deno.copyFile(from, target);
    using file = await Deno.open(target, { write: true });
    await file.syncData();
    const endMs = performance.now();
    return megabytesPerSecond((await file.stat()).size, endMs - startMs);
  });
}
