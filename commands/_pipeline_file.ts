import type { Compiled, Diagnostic, Surroundings } from "../compiler/compile.ts";
import { errorText } from "../core/mod.ts";
import { withAdmin } from "./_admin_port.ts";
import { usageError } from "./exit.ts";
import { absolutePath, denoSurroundings, stateFolderOf } from "./_surroundings.ts";
import { classModules, systemProperties } from "./_written_pairs.ts";

/** Options of all commands that read a pipeline file. */
export const PIPELINE_OPTIONS = {
  name: { type: "string", short: "n", value: "NAME", about: "Which agent of the file, when it has several." },
  agent: { type: "string", value: "NAME", about: "The same as --name." },
  "conf-file": {
    type: "string",
    short: "f",
    value: "FILE",
    about: "The pipeline file, written as for flume-ng.",
  },
  "state-dir": {
    type: "string",
    value: "DIR",
    about: "Folder for positions, instead of the file's stateDir.",
  },
  define: {
    type: "string",
    short: "D",
    value: "NAME=VALUE",
    multiple: true,
    about: "System property, which ${sys:NAME} in a .conf file reads.",
  },
  class: {
    type: "string",
    value: "CLASS=MODULE",
    multiple: true,
    about: "Module in place of a Java class: com.x.MySource=./my_source.ts.",
  },
} as const;

/** What the command line says about a pipeline file. */
export interface PipelineChoice {
  readonly name?: string;
  readonly agent?: string;
  readonly "conf-file"?: string;
  readonly "state-dir"?: string;
  readonly "admin-port"?: string;
  readonly define?: readonly string[];
  readonly class?: readonly string[];
}

/** A text of a configuration, and the path or address that findings in it name. */
export interface ConfigurationText {
  readonly text: string;
  readonly file: string;
}

/** What else a configuration is compiled with. */
export interface CompileAbout extends Omit<PipelineChoice, "conf-file"> {
  /** The path that tells the state folder from that of others, when it is not the first text's. */
  readonly stateKey?: string;
}

/**
 * The one file that a command works on.
 * @throws {CommandError} when there is none, or more than one.
 */
export function onlyFile(command: string, positionals: readonly string[], choice: PipelineChoice): string {
  const files = [...choice["conf-file"] === undefined ? [] : [choice["conf-file"]], ...positionals];
  if (files.length === 1) return files[0]!;
  const fault = files.length === 0 ? "needs a pipeline file" : `takes one pipeline file, not ${files.length}`;
  throw usageError(`${command} ${fault}`, `write: sluice ${command} pipelines/quickstart.yaml`);
}

/** Reads and compiles a pipeline file; one that cannot be read is a finding like any other. */
export async function compileFile(file: string, choice: PipelineChoice): Promise<Compiled> {
  const compiling = import("../compiler/compile.ts");
  const text = await readPipeline(file);
  if (typeof text === "string") return await compileTexts([{ text, file }], choice);
  await compiling;
  return { diagnostics: [text], shutdownTimeoutMs: 0, uses: { env: [], files: [], modules: [] } };
}

/** Compiles texts that together are one configuration; of two values for a key, the later one counts. */
export async function compileTexts(
  texts: readonly ConfigurationText[],
  about: CompileAbout,
): Promise<Compiled> {
  const { compileFiles } = await import("../compiler/compile.ts");
  const folder = stateFolderOf(about.stateKey ?? texts[0]!.file);
  const compiled = await compileFiles(texts, surroundingsOf(about, folder));
  const { plan } = compiled;
  return plan ? { ...compiled, plan: withAdmin(plan, about["admin-port"]) } : compiled;
}

/** What the compiler asks of the world, as the command line changes it. */
export function surroundingsOf(about: CompileAbout, folder: (name: string) => string): Surroundings {
  const stateDir: Surroundings["stateDir"] = (name, written) =>
    absolutePath(about["state-dir"] ?? written ?? folder(name));
  return denoSurroundings(about.name ?? about.agent, stateDir, {
    systemProperties: systemProperties(about.define ?? []),
    classes: classModules(about.class ?? []),
  });
}

async function readPipeline(file: string): Promise<string | Diagnostic> {
  try {
    return await Deno.readTextFile(file);
  } catch (cause) {
    const isMissing = cause instanceof Deno.errors.NotFound;
    return {
      severity: "error",
      code: "unreadable-file",
      text: isMissing ? "There is no such file" : `The file cannot be read: ${errorText(cause)}`,
      fix: isMissing
        ? "correct the path; a relative one starts at the working folder"
        : "make it a readable file",
      file,
      line: 1,
      column: 1,
    };
  }
}
