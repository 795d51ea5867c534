import type { Command } from "../command.ts";
import { CommandError } from "../exit.ts";
import { didYouMean } from "../../compiler/nearest.ts";
import { propertyPairs } from "./property_pairs.ts";

const SYSTEM_FILE = "/etc/flume/flume.opts";
const FILE_NAME = "flume.opts";

/** Options of a file, as words of a command line. */
export interface OptionsFile {
  readonly path: string;
  readonly words: readonly string[];
}

/**
 * Reads the first `flume.opts` that there is: `/etc/flume/flume.opts`, else the one in these folders. Its keys are the
 * long names of options.
 * @throws {CommandError} when it names an option that there is not.
 */
export function readOptionsFile(command: Command, folders: readonly string[]): OptionsFile | undefined {
  for (const path of [SYSTEM_FILE, ...folders.map((folder) => `${folder}/${FILE_NAME}`)]) {
    const text = readText(path);
    if (text !== undefined) return { path, words: wordsOf(text, command, path) };
  }
  return undefined;
}

function wordsOf(text: string, { name: command, options }: Command, path: string): string[] {
  return propertyPairs(text).flatMap(([key, written]) => {
    const value = written.trim();
    const option = Object.hasOwn(options, key) ? options[key] : undefined;
    if (!option) {
      throw new CommandError(`"${path}" names "${key}", which is no option of ${command}`, {
        fix: `${didYouMean(key, Object.keys(options))}All options: sluice ${command} --help`,
        exit: "usage",
      });
    }
    if (option.type === "boolean") return /^(?:|true|yes)$/i.test(value) ? [`--${key}`] : [];
    return (option.multiple ? value.split(/\s+/) : [value]).map((one) => `--${key}=${one}`);
  });
}

function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
