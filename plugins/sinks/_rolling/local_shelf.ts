import { DeliveryError, type Logger } from "sluice/plugin";
import { descriptorFix, ownDescriptors } from "./descriptors.ts";
import { exists, makeFolder, syncFolder } from "./folders.ts";
import { LocalFile, type LocalFileParts } from "./local_file.ts";
import type { Place } from "./place.ts";
import type { OutputFile, Shelf } from "./shelf.ts";

/** Tries to find a name that nobody has taken. */
const MAX_NAME_TRIES = 10_000;

const MAX_SYNCS = 256;
/** The runtime's threads for files are 32: writes must not wait until all syncs are through. */
const MAX_SYNCS_ASIDE = 16;

/** A folder with what is below it. */
export class LocalShelf implements Shelf {
  readonly maxSyncs: number;
  readonly isElsewhere = false;
  readonly #parts: LocalFileParts;

  constructor(
    place: Place,
    { descriptors = ownDescriptors(), writesAside = false }: Partial<Omit<LocalFileParts, "place">> = {},
  ) {
    this.maxSyncs = writesAside ? MAX_SYNCS_ASIDE : MAX_SYNCS;
    this.#parts = { place, descriptors, writesAside };
  }

  get isRenaming(): boolean {
    return this.#parts.place.isRenaming;
  }

  create(nextPath: () => string): OutputFile {
    for (let tries = 1;; tries++) {
      const path = nextPath();
      const folder = this.foldersOf(path)[0]!;
      if (path.includes("/")) makeFolder(folder);
      const file = this.#tryCreate(path, folder);
      if (file) return file;
      if (tries === MAX_NAME_TRIES) {
        throw new DeliveryError(`Cannot create a file in "${folder}": the last ${tries} names are taken`);
      }
    }
  }

  remove(file: OutputFile): void {
    file.close();
    try {
      Deno.removeSync(file.inUsePath);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    }
  }

  publish(path: string, log: Logger): void {
    this.#parts.place.publish(path, log);
  }

  foldersOf(path: string): readonly string[] {
    return this.#parts.place.foldersOf(path);
  }

  syncFolder(path: string): Promise<void> {
    return this.#parts.descriptors.lend(() => syncFolder(path));
  }

  /** Nothing when the name is taken. */
  #tryCreate(path: string, folder: string): LocalFile | undefined {
    try {
      const file = new LocalFile(path, this.#parts);
      // Looked at with the other name in hand: only its holder may take this one.
      if (!this.isRenaming || !exists(this.#parts.place.finishedPath(path))) return file;
      this.remove(file);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) {
        throw new DeliveryError(`Cannot create a file in "${folder}": the folder is gone; make it again`);
      }
      // Without the name, which is another one at each try: what stays the same is logged once.
      if (!(cause instanceof Deno.errors.AlreadyExists)) {
        throw new DeliveryError(`Cannot create a file in "${folder}"${descriptorFix(cause)}`, { cause });
      }
    }
  }
}
