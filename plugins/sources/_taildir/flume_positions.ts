import { errorText, type Logger } from "sluice/plugin";
import type { FoundFile } from "./file_group.ts";

/** How far Flume had read a file. */
export interface FlumePosition {
  readonly inode: number;
  readonly pos: number;
  readonly file: string;
}

/** Reads Flume's position file; one that cannot be read is reported and counts as empty. */
export function loadFlumePositions(path: string, log: Logger): readonly FlumePosition[] {
  try {
    return parseFlumePositions(Deno.readTextFileSync(path));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) log.info("There is no position file to take over", { path });
    else log.warn(`Position file cannot be read and is ignored: ${errorText(cause)}`, { path });
    return [];
  }
}

/**
 * Reads the content of a position file: a JSON array of `{inode, pos, file}`.
 * @throws {SyntaxError} when it is none.
 */
export function parseFlumePositions(text: string): readonly FlumePosition[] {
  const entries: unknown = JSON.parse(text);
  if (!Array.isArray(entries)) throw new SyntaxError("Expected a JSON array");
  return entries.filter(isPosition);
}

/** Finds how far Flume had read a file: by inode, and by path unless the place is the start of a line. */
export function flumeOffset(positions: readonly FlumePosition[], found: FoundFile): number | undefined {
  const known = positions.find(({ inode, pos }) => inode === found.inode && pos <= found.size);
  if (!known || (known.file !== found.path && !startsLine(found.path, known.pos))) return undefined;
  return known.pos;
}

function isPosition(entry: Partial<FlumePosition> | null): entry is FlumePosition {
  return typeof entry?.inode === "number" && typeof entry.pos === "number" && typeof entry.file === "string";
}

function startsLine(path: string, offset: number): boolean {
  if (offset === 0) return true;
  using file = Deno.openSync(path);
  const byte = new Uint8Array(1);
  file.seekSync(offset - 1, Deno.SeekMode.Start);
  return file.readSync(byte) === 1 && byte[0] === 10;
}
