import { homedir } from "node:os";
import { join } from "node:path";

/** Writes out a `~/` at the start of a path. */
export function withHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
