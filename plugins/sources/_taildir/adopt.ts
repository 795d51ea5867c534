import type { Adoption, Logger, Position } from "sluice/plugin";
import type { FileGroup, FoundFile } from "./file_group.ts";
import { flumeOffset, type FlumePosition, parseFlumePositions } from "./flume_positions.ts";
import { readHead } from "./head.ts";
import { positionOf } from "./progress.ts";

/** Where Flume keeps positions unless it is told otherwise. */
export const DEFAULT_POSITION_FILE = "~/.flume/taildir_position.json";

/** For looks that tell nobody. */
export const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Takes over how far Flume had read each file, also of files that were renamed since and lie in their folder still.
 * @throws {Error} when the position file cannot be read.
 */
export function adoptPositions(path: string, groups: readonly FileGroup[]): Adoption {
  const positions = readPositions(path);
  if (positions === undefined) {
    return {
      found: [],
      warnings: [`There is no position file "${path}": files are read as if Flume had not`],
    };
  }
  const listed = groups.flatMap((group) => group.list(false, Date.now()) ?? []);
  const known = new Set(listed.map(({ key }) => key));
  const renamed = groups.flatMap((group) => group.listAll()).filter(({ key }) => !known.has(key));
  const [found, warnings, taken]: [string[], string[], Set<FlumePosition>] = [[], [], new Set()];
  const position: Record<string, number | string | null> = {};
  for (const file of [...listed, ...renamed]) {
    const own = positions.find(({ inode }) => inode === file.inode);
    const offset = flumeOffset(positions, file);
    if (own === undefined || position[file.key] !== undefined) continue;
    if (offset === undefined) {
      if (known.has(file.key)) {
        warnings.push(`${file.path}: is no longer what Flume read; read from its start`);
      }
      continue;
    }
    taken.add(own);
    Object.assign(position, progressOf(file, offset));
    found.push(`${file.path}: goes on at byte ${offset} of ${file.size}`);
  }
  for (const { file, pos, inode } of positions.filter((one) => !taken.has(one))) {
    warnings.push(`${file} (inode ${inode}, byte ${pos}): is not there any more`);
  }
  return { found, warnings, position };
}

function readPositions(path: string): readonly FlumePosition[] | undefined {
  try {
    return parseFlumePositions(Deno.readTextFileSync(path));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`Cannot read the position file "${path}"`, { cause });
  }
}

function progressOf({ key, path }: FoundFile, offset: number): Position {
  if (offset === 0) return positionOf(key, { offset });
  using file = Deno.openSync(path);
  return positionOf(key, { offset, head: readHead(file, offset) });
}
