import { ConfigError, errorText, type Logger } from "sluice/plugin";
import { exists, makeFolder, syncFolder } from "../../_rolling/folders.ts";

// A stage whose disk is not mounted looks like one from which all was sent. So there is a mark in each stage, and beside it,
// on the disk of the state folder, a note that there is: where only the note is found, the stage is another one.

/** Whether a stage is the one that its files were written to: its disk is there. */
export function isMarked(stage: string): boolean {
  return exists(`${stage}/mark`);
}

/** @throws {ConfigError} when the stage in a sink's state folder is not the one of the starts before. */
export async function checkMark(folder: string, log: Logger): Promise<void> {
  const stage = `${folder}/stage`;
  const markPath = `${stage}/mark`;
  const notePath = `${folder}/stage.marked`;
  const isNoted = exists(notePath);
  if (isMarked(stage) && isNoted) return;
  if (isNoted) {
    throw new ConfigError(
      `"${markPath}" is gone: mount the disk of the stage, or, to give up what was in it, remove "${notePath}"`,
    );
  }
  makeFolder(stage);
  try {
    // A folder, for each file in a stage is one to be sent.
    makeFolder(markPath);
    await syncFolder(stage);
    Deno.openSync(notePath, { write: true, create: true, mode: 0o600 }).close();
    await syncFolder(folder);
  } catch (cause) {
    // A full disk: what is in the stage must leave all the same.
    log.warn(`The stage is not marked, which the next start tries again: ${errorText(cause)}`, {
      path: stage,
    });
  }
}
