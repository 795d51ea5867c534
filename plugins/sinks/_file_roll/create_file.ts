import { DeliveryError, type Encoder } from "sluice/plugin";
import { exists, makeFolder } from "./folders.ts";
import type { NextName } from "./names.ts";
import { OutputFile } from "./output_file.ts";
import type { Place } from "./place.ts";

/** Tries to find a name that nobody has taken. */
const MAX_NAME_TRIES = 10_000;

/** Creates a file in a bucket under the first name that is free, also for the time when it is finished. */
export function createFile(place: Place, bucket: string, nextName: NextName): OutputFile {
  const folder = bucket === "" ? place.directory : `${place.directory}/${bucket}`;
  if (bucket !== "") makeFolder(folder);
  for (let tries = 1;; tries++) {
    const name = nextName();
    try {
      const file = new OutputFile(place, bucket === "" ? name : `${bucket}/${name}`);
      // Looked at with the other name in hand: only its holder may take this one.
      if (!place.isRenaming || !exists(place.finishedPath(file.path))) return file;
      removeFile(file);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) {
        throw new DeliveryError(`Cannot create a file in "${folder}": the folder is gone; make it again`);
      }
      // Without the name, which is another one at each try: what stays the same is logged once.
      if (!(cause instanceof Deno.errors.AlreadyExists)) {
        throw new DeliveryError(`Cannot create a file in "${folder}"`, { cause });
      }
    }
    if (tries === MAX_NAME_TRIES) {
      throw new DeliveryError(`Cannot create a file in "${folder}": the last ${tries} names are taken`);
    }
  }
}

/** Closes and removes a file of which nothing is delivered. */
export function removeFile(file: OutputFile): void {
  file.close();
  try {
    Deno.removeSync(file.inUsePath);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
}

/** Writes what stands in front of the first event. */
export function writeHead(file: OutputFile, encoder: Encoder): void {
  const head = encoder.begin?.();
  if (head) file.write([head]);
}
