import { ConfigError } from "sluice/plugin";
import { descriptorLimit, RAISE_LIMIT } from "../_rolling/descriptors.ts";

/** The staged file, its note, and files or connections of the target. */
const OF_UPLOAD = 4;
/** The program's own, and those of a pipeline with few connections. */
const OF_REST = 64;

/** @throws {ConfigError} when the system grants too few open files for so many uploads beside the stage. */
export function requireDescriptors(uploads: number, limit: number = descriptorLimit()): void {
  // One half is that of the files in the stage.
  const needed = 2 * (OF_REST + OF_UPLOAD * uploads);
  if (limit >= needed) return;
  throw new ConfigError(
    `This process may have ${limit} files open, and hdfs.threadsPoolSize of ${uploads} needs ${needed}: \
lower it, or ${RAISE_LIMIT}`,
  );
}
