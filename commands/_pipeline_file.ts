import type { Compiled, Diagnostic } from "../compiler/compile.ts";
import { errorText } from "../core/mod.ts";
import { usageError } from "./exit.ts";
import { absolutePath, denoSurroundings, stateRootOf } from "./_surroundings.ts";

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
} as const;

/** What the command line says about a pipeline file. */
export interface PipelineChoice {
  readonly name?: string;
  readonly agent?: string;
  readonly "conf-file"?: string;
  readonly "state-dir"?: string;
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
  const { compile } = await compiling;
  const { root, folder } = stateRootOf(file);
  const around = denoSurroundings(choice.name ?? choice.agent, root);
  if (typeof text !== "string") {
    const uses = { env: [], files: [], modules: [] };
    return { diagnostics: [text], shutdownTimeoutMs: 0, uses };
  }
  const compiled = await compile(text, file, around);
  const { plan } = compiled;
  if (!plan) return compiled;
  const isDefault = plan.stateDir === `${root}/${plan.name}`;
  const stateDir = choice["state-dir"] ?? (isDefault ? folder(plan.name) : plan.stateDir);
  return { ...compiled, plan: { ...plan, stateDir: absolutePath(stateDir) } };
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
