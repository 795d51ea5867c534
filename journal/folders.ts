import { denoDisk } from "./disk.ts";
import { JournalError } from "./fault.ts";
import type { JournalOptions } from "./options.ts";

/** The right to use the folders of a journal. */
export interface Lock {
  release(): void;
}

/**
 * Makes the folders of a journal and keeps other processes out of them.
 * @throws {JournalError} when another process has one of them, or they may not be used.
 */
export async function lockFolders(options: JournalOptions): Promise<Lock> {
  const { folders, checkpointFolder, backupCheckpointFolder, disk = denoDisk } = options;
  if (folders.length === 0) throw new RangeError("A journal needs at least one folder");
  const locks: Lock[] = [];
  const release = () => locks.splice(0).forEach((lock) => lock.release());
  for (const folder of new Set([...folders, checkpointFolder, backupCheckpointFolder ?? checkpointFolder])) {
    try {
      disk.makeFolder(folder);
      locks.push(await disk.lock(folder));
    } catch (cause) {
      release();
      if (cause instanceof JournalError) throw cause;
      const fix = "let this user read and write there, or name another folder";
      throw new JournalError(`Cannot use the folder "${folder}" for a journal`, { path: folder, fix, cause });
    }
  }
  return { release };
}
