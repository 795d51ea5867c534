import { DeliveryError } from "sluice/plugin";
import { descriptorFix } from "./descriptors.ts";
import type { OutputFile, Shelf } from "./shelf.ts";

/** How long a file is known to be, by its path. */
export type FileLength = readonly [path: string, bytes: number];

/** Makes sure of the first bytes of files, and of the names in folders; waits for all also when one fails. */
export async function syncAll(
  files: readonly (readonly [OutputFile, number])[],
  folders: ReadonlySet<string>,
  shelf: Shelf,
): Promise<readonly FileLength[]> {
  const lengths: FileLength[] = [];
  for (let from = 0; from < files.length; from += shelf.maxSyncs) {
    const some = files.slice(from, from + shelf.maxSyncs);
    const synced = some.map(([file, joined]) => forced(textOf(file, shelf), file.sync(joined)));
    for (const [at, bytes] of (await allOf(synced)).entries()) lengths.push([some[at]![0].path, bytes]);
  }
  await allOf(
    Array.from(folders, (path) => forced(`Cannot force "${path}" to disk`, shelf.syncFolder(path))),
  );
  return lengths;
}

/** Waits for all of them, also when one fails. */
async function allOf<T>(syncs: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(syncs);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

function textOf({ inUsePath: path }: OutputFile, { isElsewhere }: Shelf): string {
  return isElsewhere ? `Cannot append to "${path}"` : `Cannot force "${path}" to disk`;
}

async function forced<T>(text: string, sync: Promise<T>): Promise<T> {
  try {
    return await sync;
  } catch (cause) {
    throw new DeliveryError(`${text}${descriptorFix(cause)}`, { cause });
  }
}
