import { resolve } from "node:path";
import { AvroReader } from "../../../protocols/avro_container.ts";
import type { Adoption } from "sluice/plugin";
import type { SpoolFile, SpoolFolder } from "./spool_folder.ts";
import { formatMark } from "./spool_mark.ts";
import { type FlumeTracker, readFlumeTracker, readVarint } from "./flume_tracker.ts";

const SYNC_BYTES = 16;
/** A head longer than this is damage. */
const MAX_HEAD_BYTES = 1024 * 1024;

/**
 * Takes over the file that Flume was reading, and how far it was. Files that it had finished carry their marks.
 * @throws {Error} when the tracker file, or the folder, cannot be read.
 */
export function adoptTracker(folder: SpoolFolder, deserializer: string): Adoption {
  const waiting = folder.list();
  const path = folder.flumeTracker;
  const tracker = readTracker(path);
  if (tracker === undefined) {
    const warnings = [`There is no tracker file "${path}": no file was half read`];
    return { found: restOf(waiting.length, folder), warnings };
  }
  const file = waiting.find((one) => isSame(one, tracker));
  if (file === undefined) {
    return {
      found: restOf(waiting.length, folder),
      warnings: [
        `${tracker.file}: Flume had read ${tracker.offset} bytes of it, and it does not wait any more`,
      ],
    };
  }
  return adoptFile(file, tracker, { deserializer, rest: restOf(waiting.length - 1, folder) });
}

function restOf(files: number, { path }: SpoolFolder): string[] {
  if (files === 0) return [];
  return [files === 1 ? `1 more file waits in ${path}` : `${files} more files wait in ${path}`];
}

function adoptFile(
  file: SpoolFile,
  { offset }: FlumeTracker,
  { deserializer, rest }: { readonly deserializer: string; readonly rest: readonly string[] },
): Adoption {
  const { size } = Deno.statSync(file.path);
  if (offset > size) {
    return {
      found: rest,
      warnings: [`${file.path}: has ${size} bytes, and Flume had read ${offset}; read from its start`],
    };
  }
  const isAvro = deserializer === "avro_event";
  const from = isAvro ? eventsBefore(file.path, offset) : offset;
  return {
    found: [`${file.path}: goes on at ${isAvro ? `event ${from}` : `byte ${offset} of ${size}`}`, ...rest],
    warnings: [],
    position: { [file.name]: formatMark({ offset: from, identity: file.identity }) },
  };
}

function readTracker(path: string): FlumeTracker | undefined {
  try {
    const bytes = Deno.readFileSync(path);
    return bytes.length === 0 ? undefined : readFlumeTracker(bytes);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`Cannot read the tracker file "${path}"`, { cause });
  }
}

/** Flume may have been started in another folder, and been given a relative path. */
function isSame({ path }: SpoolFile, { file }: FlumeTracker): boolean {
  return path === resolve(file) ||
    (!file.startsWith("/") && path.endsWith(`/${file.replace(/^(?:\.\/)+/, "")}`));
}

/**
 * Counts the events in the blocks of an Avro file that Flume was through with. It notes the sync marker in front of the
 * block that it is reading, and reads that block again.
 */
function eventsBefore(path: string, offset: number): number {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(MAX_HEAD_BYTES);
  const headEnd = endOfHead(bytes.subarray(0, file.readSync(bytes) ?? 0));
  let events = 0;
  for (let at = headEnd; at < offset;) {
    file.seekSync(at, Deno.SeekMode.Start);
    const start = bytes.subarray(0, file.readSync(bytes.subarray(0, 20)) ?? 0);
    if (start.length === 0) break;
    const count = readVarint(start, 0);
    const size = readVarint(start, count.next);
    at += size.next + size.value + SYNC_BYTES;
    if (at - SYNC_BYTES > offset) break;
    events += count.value;
  }
  return events;
}

function endOfHead(bytes: Uint8Array): number {
  const reader = new AvroReader(bytes);
  if (!reader.head()) throw new SyntaxError("The head of the Avro file is cut off");
  return reader.offset;
}
