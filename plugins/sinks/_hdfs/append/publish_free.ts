import { DeliveryError, type Logger } from "sluice/plugin";
import type { FileNames } from "../buckets.ts";
import { nameOf } from "../stage/delivery_way.ts";
import type { FileStore } from "../stores/store.ts";

const MAX_NAMES = 1000;

/** A file that grew by appends, and is complete. */
export interface AppendedFile {
  readonly name: FileNames;
  readonly bytes: number;
  /** Something may still appear under its in-use name, and is to be taken away. */
  readonly isWatched: boolean;
}

/**
 * Gives a file that grew by appends the first of its names that is free, and tells which. It may be called again after a
 * failure. @throws {DeliveryError} when the file is not there.
 */
export async function publishFree(
  store: FileStore,
  { name, bytes, isWatched }: AppendedFile,
  log: Logger,
): Promise<string> {
  for (let count = 0; count < MAX_NAMES; count++) {
    const finalPath = nameOf(name, count);
    if (finalPath === name.inUse) return finalPath;
    const published = await store.publish({ path: name.inUse, bytes }, finalPath);
    if (published === "done") {
      if (isWatched) store.appends?.abandon(name.inUse);
      return finalPath;
    }
    if (published === "gone" || published === "replaced") {
      const text = published === "gone"
        ? "A file is gone: fetched before its name was seen, or removed"
        : "A file has another length than it had, and keeps its name: somebody wrote to it";
      log.warn(text, { path: name.inUse, bytes });
      return finalPath;
    }
    log.warn("Another file has the name; going on to the next", { path: finalPath });
  }
  throw new DeliveryError(`The last ${MAX_NAMES} names of "${nameOf(name, 0)}" are taken`);
}
