import { fileURLToPath } from "node:url";
import type { PluginNeeds } from "sluice/plugin";
import { findHadoopCodec } from "../../../../protocols/hadoop/compression.ts";
import type { FormatSettings } from "./format_fields.ts";

/** What a worker that makes files is loaded from: unlike the main program's own modules, Deno asks for these. */
export const WORKER_FOLDERS: readonly string[] = ["./", "../../../../protocols/"]
  .map((path) => new URL(path, import.meta.url))
  .filter(({ protocol }) => protocol === "file:")
  .map((url) => fileURLToPath(url).replace(/[/\\]$/, ""));

/** What a sandbox must allow for files that are more than what is staged. */
export function workerNeeds(settings: FormatSettings): PluginNeeds {
  const { "hdfs.fileType": fileType, "hdfs.codeC": codec } = settings;
  const isPlain = fileType === "DataStream" ||
    (fileType === "SequenceFile" && (codec === "" || findHadoopCodec(codec) === undefined));
  return isPlain ? {} : { reads: WORKER_FOLDERS };
}
