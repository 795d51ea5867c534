import { dirname } from "node:path";
import type { Context } from "sluice/plugin";
import { exists, type SpoolFile, type SpoolFolder } from "./spool_folder.ts";
import { identityOf } from "./spool_mark.ts";

/** What becomes of files that were read. */
export interface SpoolMarkerOptions {
  readonly fileSuffix: string;
  readonly asideSuffix: string;
  readonly deletePolicy: "never" | "immediate";
  readonly trackingPolicy: "rename" | "tracker_dir";
}

/** Marks files so that they are not read again. */
export class SpoolMarker {
  readonly #folder: SpoolFolder;
  readonly #options: SpoolMarkerOptions;
  readonly #context: Context;

  constructor(folder: SpoolFolder, options: SpoolMarkerOptions, context: Context) {
    this.#folder = folder;
    this.#options = options;
    this.#context = context;
  }

  /** Marks a file of which every event is safe; one that broke the rules is set aside instead. */
  finish(file: SpoolFile): void {
    const stat = statOf(file.path);
    if (!stat) return this.#context.log.warn("File vanished after it was read", { path: file.path });
    const identity = identityOf(stat);
    if (identity !== file.identity) {
      if (inodeOf(identity) === inodeOf(file.identity)) {
        this.setAside(file, "it changed while it was read or after");
      } else this.#report(file, "another file took its name while it was read; that one is read as well");
      return;
    }
    if (this.#options.deletePolicy === "immediate") return Deno.removeSync(file.path);
    if (this.#options.trackingPolicy === "tracker_dir") return this.#track(file);
    const target = file.path + this.#options.fileSuffix;
    if (exists(target)) return this.setAside(file, `its name was used before: "${target}" exists`);
    Deno.renameSync(file.path, target);
  }

  /** Takes a file out of the way without deleting anything, and says why. */
  setAside(file: SpoolFile, why: string): void {
    this.#report(file, why);
    if (this.#options.trackingPolicy === "tracker_dir") return this.#track(file);
    const base = file.path + this.#options.asideSuffix;
    let target = base;
    for (let count = 2; exists(target); count++) target = `${base}.${count}`;
    Deno.renameSync(file.path, target);
    this.#context.log.info("File is set aside", { path: target });
  }

  #track(file: SpoolFile): void {
    const path = this.#folder.trackerOf(file.name);
    Deno.mkdirSync(dirname(path), { recursive: true });
    Deno.writeFileSync(path, new Uint8Array(0));
  }

  #report(file: SpoolFile, why: string): void {
    this.#context.counters.add("GenericProcessingFail");
    this.#context.log.error(`Spooled file broke the rules: ${why}`, { path: file.path });
  }
}

/** Device and inode of an identity. */
function inodeOf(identity: string): string {
  return identity.split(":", 2).join(":");
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}
