import { denoDisk, Journal } from "../../journal/mod.ts";
import type { JournalHome } from "./home.ts";

/** Opens a journal for a change; what is kept of it stays kept. */
export async function openJournal(
  { folders, checkpointFolder, backupCheckpointFolder, seal }: JournalHome,
): Promise<Journal> {
  return await Journal.open({
    folders,
    checkpointFolder: checkpointFolder ?? folders[0]!,
    ...backupCheckpointFolder !== undefined && { backupCheckpointFolder },
    disk: denoDisk,
    seal,
    // Delivered segments are what is to be read again.
    retention: { ms: Number.MAX_SAFE_INTEGER },
  });
}
