import { join } from "node:path";
import { LAST_LINE_END } from "./access_log.ts";

const TAIL_BYTES = 1024;

/** The files of an output folder together in bytes; 0 as long as there is no folder. */
export function outputBytes(folder: string): number {
  return outputFiles(folder).reduce((sum, path) => sum + Deno.statSync(path).size, 0);
}

/** True when an output file ends with the last line of the input. */
export function hasLastLine(folder: string): boolean {
  return outputFiles(folder).some((path) => tailOf(path).includes(LAST_LINE_END));
}

/** Counts the lines of all output files. */
export async function countOutputLines(folder: string): Promise<number> {
  let lines = 0;
  for (const path of outputFiles(folder)) {
    using file = await Deno.open(path);
    const chunk = new Uint8Array(1 << 20);
    for (let bytes = await file.read(chunk); bytes !== null; bytes = await file.read(chunk)) {
      for (let at = chunk.indexOf(10); at >= 0 && at < bytes; at = chunk.indexOf(10, at + 1)) lines++;
    }
  }
  return lines;
}

function outputFiles(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder))
      .filter((entry) => entry.isFile && !entry.name.startsWith("."))
      .map((entry) => join(folder, entry.name));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    throw cause;
  }
}

function tailOf(path: string): string {
  using file = Deno.openSync(path);
  const { size } = file.statSync();
  file.seekSync(Math.max(0, size - TAIL_BYTES), Deno.SeekMode.Start);
  const tail = new Uint8Array(TAIL_BYTES);
  return new TextDecoder().decode(tail.subarray(0, file.readSync(tail) ?? 0));
}
