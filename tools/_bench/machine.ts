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

/** Writes a file's bytes as `dd conv=fdatasync` does; MB/s. */
export async function measureDd(from: string, lab: Lab): Promise<number> {
  return await lab.inFolder(async (folder) => {
    const target = join(folder, "copy");
    const startMs = performance.now();
    const { success } = await new Deno.Command("dd", {
      args: [`if=${from}`, `of=${target}`, "bs=1M", "conv=fdatasync"],
      stdout: "null",
      stderr: "null",
    }).output();
    if (!success) throw new Error("dd failed");
    const endMs = performance.now();
    return megabytesPerSecond((await Deno.stat(target)).size, endMs - startMs);
  });
}

/** How often 4 KiB can be added to a file and forced to disk, one after the other; times a second. */
export async function measureSyncs(lab: Lab, ms = 1500): Promise<number> {
  return await lab.inFolder(async (folder) => {
    using file = await Deno.open(join(folder, "syncs"), { write: true, createNew: true });
    const page = new Uint8Array(4096).fill(120);
    const startMs = performance.now();
    let syncs = 0;
    for (; performance.now() - startMs < ms; syncs++) {
      file.writeSync(page);
      await file.syncData();
    }
    return syncs / ((performance.now() - startMs) / 1000);
  });
}
