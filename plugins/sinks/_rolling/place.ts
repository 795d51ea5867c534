import { resolve } from "node:path";
import { DeliveryError, type Logger } from "sluice/plugin";
import { exists, makeFolder } from "./folders.ts";

/** The folder of a sink, and what is put around names while files are written. */
export interface PlaceOptions {
  readonly directory: string;
  readonly inUsePrefix: string;
  readonly inUseSuffix: string;
}

/** Where a sink's files lie. They go by their path in the folder: bucket and name, as they are called when finished. */
export class Place {
  readonly directory: string;
  readonly inUsePrefix: string;
  readonly inUseSuffix: string;

  constructor({ directory, inUsePrefix, inUseSuffix }: PlaceOptions) {
    this.directory = directory;
    this.inUsePrefix = inUsePrefix;
    this.inUseSuffix = inUseSuffix;
  }

  /** Makes the folder, and names it so that a start from elsewhere knows it again. */
  static make({ directory, ...names }: PlaceOptions): Place {
    makeFolder(directory);
    return new Place({ directory: Deno.realPathSync(resolve(directory)), ...names });
  }

  /** Whether files have other names while they are written. */
  get isRenaming(): boolean {
    return this.inUsePrefix !== "" || this.inUseSuffix !== "";
  }

  /** Where a file lies when it is finished. */
  finishedPath(path: string): string {
    return `${this.directory}/${path}`;
  }

  /** Where the same file lies while it is written. */
  inUsePath(path: string): string {
    const at = path.lastIndexOf("/") + 1;
    return `${this.directory}/${path.slice(0, at)}${this.inUsePrefix}${path.slice(at)}${this.inUseSuffix}`;
  }

  /** The folders whose names must be on disk for a file to be found: its own, then those above it. */
  foldersOf(path: string): readonly string[] {
    const names = path.split("/");
    return names.map((_, at) => [this.directory, ...names.slice(0, names.length - 1 - at)].join("/"));
  }

  /** Gives a file the name that it is to be found by; another file is never replaced. */
  publish(path: string, log: Logger): void {
    if (!this.isRenaming) return;
    const source = this.inUsePath(path);
    let target = this.finishedPath(path);
    for (let count = 1; exists(target); count++) target = `${this.finishedPath(path)}.${count}`;
    try {
      Deno.renameSync(source, target);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) {
        throw new DeliveryError(`Cannot rename "${source}" to "${target}"`, { cause });
      }
      log.warn("A file vanished while it was written; its events are lost", { path: source });
    }
  }
}
