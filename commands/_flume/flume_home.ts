import { absolutePath } from "../_surroundings.ts";
import { type EnvironmentFile, readEnvironmentFile } from "./environment_file.ts";
import { javaOptions } from "./java_options.ts";

/** What the command line says about the surroundings of a Flume agent. */
export interface FlumeCall {
  readonly conf?: string;
  readonly classpath?: readonly string[];
  readonly "java-option"?: readonly string[];
  readonly define?: readonly string[];
}

/** The surroundings of a Flume agent, as far as they have a meaning without a Java machine. */
export interface FlumeHome {
  /** Every `NAME=VALUE` of `-D`, in the order in which they count. */
  readonly defined: readonly string[];
  /** Variables that `flume-env.sh` exports. */
  readonly exported: Readonly<Record<string, string>>;
  /** Folders that `classpath:` addresses are looked up in. */
  readonly folders: readonly string[];
  /** What was written and does nothing here, and why. */
  readonly notes: readonly string[];
}

const LOG_FILES = /^log4j2?.*\.(?:properties|xml|ya?ml|json)$/;

/** Reads the folder of `--conf`, and sorts what is written for the Java machine. */
export function readFlumeHome(call: FlumeCall): FlumeHome {
  const file = call.conf === undefined ? undefined : readEnvironment(call.conf);
  const variables = file?.variables ?? {};
  const own = javaOptions(variables.JAVA_OPTS ?? "");
  const more = javaOptions(variables.FLUME_JAVA_OPTS ?? Deno.env.get("FLUME_JAVA_OPTS") ?? "");
  const entries = (call.classpath ?? []).flatMap((path) => path.split(":")).filter((path) => path !== "");
  const folders = [...call.conf === undefined ? [] : [call.conf], ...entries].filter(isFolder);
  const machine = new Set([...own.ignored, ...more.ignored, ...call["java-option"] ?? []]);
  return {
    defined: [...own.defined, ...more.defined, ...call.define ?? []],
    exported: file?.exported ?? {},
    folders: folders.map(absolutePath),
    notes: [
      ...confNotes(call.conf, file),
      ...classpathNotes(call.conf, entries),
      ...machine.size === 0
        ? []
        : [`There is no Java machine here, so this does nothing: ${[...machine].join(" ")}`],
    ],
  };
}

function confNotes(conf: string | undefined, file: EnvironmentFile | undefined): string[] {
  if (conf === undefined) return [];
  if (!isFolder(conf)) return [`--conf "${conf}" is no folder; it is not needed here`];
  const logFiles = Array.from(Deno.readDirSync(conf), ({ name }) => name).filter((name) =>
    LOG_FILES.test(name)
  );
  const ignored = file?.ignored ?? [];
  return [
    ...logFiles.length === 0 ? [] : [
      `${
        logFiles.sort().join(", ")
      } in "${conf}" is not read: logs go to standard error; --log-level sets how much`,
    ],
    ...ignored.length === 0
      ? []
      : [`flume-env.sh is not run, only its assignments are read; this does nothing: ${ignored.join("; ")}`],
  ];
}

function classpathNotes(conf: string | undefined, entries: readonly string[]): string[] {
  if (entries.length === 0) return [];
  const hasEnvironment = entries.find((path) => isFile(`${path.replace(/\/+$/, "")}/flume-env.sh`));
  return [
    hasEnvironment !== undefined && conf === undefined
      ? `-C is the class path; to read flume-env.sh in "${hasEnvironment}", write -c ${hasEnvironment}`
      : `-C is Flume's class path; no Java class in it can be run: ${entries.join(":")}`,
  ];
}

function readEnvironment(conf: string): EnvironmentFile | undefined {
  const path = `${conf.replace(/\/+$/, "")}/flume-env.sh`;
  if (!isFile(path)) return undefined;
  return readEnvironmentFile(Deno.readTextFileSync(path), (name) => Deno.env.get(name));
}

function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory === true;
}

function isFile(path: string): boolean {
  return statOf(path)?.isFile === true;
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}
