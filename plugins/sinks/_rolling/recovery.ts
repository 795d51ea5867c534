import { DeliveryError, type Logger, type Position } from "sluice/plugin";
import { exists, syncFolder } from "./folders.ts";
import { Manifest } from "./manifest.ts";
import type { FileState } from "./manifest_format.ts";
import { Place } from "./place.ts";

/** What a start needs to know. */
export interface StartOptions {
  /** Where the manifest lies. */
  readonly folder: string;
  readonly place: Place;
  /** False: what is written from now on says nothing about positions. */
  readonly keepsPosition: boolean;
  readonly log: Logger;
  /** Told when the manifest has lost something, before it is replaced: files that it does not name may hold what counts. */
  onDamage?(known: ReadonlyMap<string, FileState>): Promise<void>;
  /** Puts a file in order that lies elsewhere; false for one that lies here. */
  putElsewhere?(path: string, file: FileState, keepsTail: boolean): Promise<boolean>;
}

/**
 * Opens the manifest and puts the files that it names in order: each ends with what was delivered, and is finished. What
 * is found becomes the truth on disk before a file is touched, so a crash in between changes nothing.
 */
export async function startManifest(options: StartOptions): Promise<Manifest> {
  const { folder, place, keepsPosition, log, putElsewhere } = options;
  const manifest = new Manifest(folder);
  try {
    const { reading: { damages, tornOffset }, state: { files, position }, path } = manifest;
    for (const offset of damages) {
      log.error("A manifest is damaged; files keep what may be repeated now", { path, offset });
    }
    if (tornOffset !== undefined) {
      log.info("The end of a manifest was never written whole", { path, offset: tornOffset });
    }
    if (damages.length > 0) await options.onDamage?.(files);
    if (files.size > 0) {
      // Also the next start, should this one fail, is to know that nothing is known.
      await manifest.replace(damages.length > 0 ? { files: ofUnknownLength(files) } : {});
      const found = new Place(manifest.state.place ?? place);
      await putInOrder(found, files, { log, keepsTails: damages.length > 0, putElsewhere });
    }
    const kept: Position | undefined = keepsPosition ? position : undefined;
    await manifest.replace({ place, files: new Map(), position: kept });
    for (const above of [parentOf(folder), parentOf(parentOf(folder))]) await syncFolder(above);
    return manifest;
  } catch (cause) {
    manifest.close();
    throw cause;
  }
}

function ofUnknownLength(files: ReadonlyMap<string, FileState>): Map<string, FileState> {
  return new Map(Array.from(files, ([path, file]) => [path, { ...file, bytes: null }]));
}

function parentOf(folder: string): string {
  return folder.slice(0, folder.lastIndexOf("/"));
}

interface Rules {
  readonly log: Logger;
  /** True: nothing is cut, for nobody knows what was delivered. */
  readonly keepsTails: boolean;
  readonly putElsewhere: StartOptions["putElsewhere"];
}

/** Cuts files back to what was delivered and gives them their names. */
async function putInOrder(place: Place, files: ReadonlyMap<string, FileState>, rules: Rules): Promise<void> {
  const folders = new Set<string>();
  for (const [path, file] of files) {
    if (await rules.putElsewhere?.(path, file, rules.keepsTails)) continue;
    // Also for one that has its name already: it may not be on disk yet.
    folders.add(place.foldersOf(path)[0]!);
    try {
      await putFileInOrder(place, { path, ...file }, rules);
    } catch (cause) {
      throw new DeliveryError(`Cannot put "${place.inUsePath(path)}" in order`, { cause });
    }
  }
  for (const folder of folders) await syncFolder(folder);
}

async function putFileInOrder(
  place: Place,
  { path, bytes, isFinished }: FileState & { readonly path: string },
  { log, keepsTails }: Rules,
): Promise<void> {
  const source = place.inUsePath(path);
  if (!exists(source)) {
    // One that got its name may have been fetched already.
    const isNamed = place.isRenaming && exists(place.finishedPath(path));
    if (bytes !== 0 && !isFinished && !isNamed) {
      log.warn("A file is gone", { path: source, deliveredBytes: bytes });
    }
    return;
  }
  const size = Deno.statSync(source).size;
  const deliveredBytes = keepsTails ? size : bytes ?? size;
  if (deliveredBytes === 0) return Deno.removeSync(source);
  if (size < deliveredBytes) {
    log.warn("A file is shorter than it was", { path: source, bytes: size, deliveredBytes });
  }
  await settle(source, Math.min(size, deliveredBytes));
  place.publish(path, log);
}

/** Also forces to disk what has the right length already: an earlier start may have cut it and failed then. */
async function settle(path: string, bytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true });
  file.truncateSync(bytes);
  await file.sync();
}
