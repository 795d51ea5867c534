import type { Compiled } from "../../compiler/compile.ts";
import { isReadable } from "../../compiler/dead_letters.ts";
import type { CodecChoice } from "../../core/mod.ts";
import type { Plan, PlanPart } from "../../core/plan.ts";
import { CommandError } from "../exit.ts";
import { compileFile, type PipelineChoice } from "../_pipeline_file.ts";
import { absolutePath } from "../_surroundings.ts";
import type { InUseNames } from "./folder.ts";

/** Where dead letters lie, and the pipeline that wrote them when it is known. */
export interface LetterPlace {
  readonly folder: string;
  readonly inUse: InUseNames;
  readonly plan?: Plan;
}

/** As file_roll names its files, unless a pipeline says otherwise. */
const IN_USE: InUseNames = { prefix: "", suffix: ".tmp" };

/**
 * Finds the dead letters of a pipeline file, or takes a folder for what it is. A file with errors is what was compiled.
 * @throws {CommandError} when the pipeline keeps none that can be read.
 */
export async function findPlace(target: string, choice: PipelineChoice): Promise<LetterPlace | Compiled> {
  const isFolder = await Deno.stat(target).then(({ isDirectory }) => isDirectory, () => false);
  if (isFolder) return { folder: target, inUse: IN_USE };
  const compiled = await compileFile(target, choice);
  const { plan } = compiled;
  if (!plan) return compiled;
  if (!plan.deadLetters) {
    throw new CommandError(`Pipeline "${plan.name}" has no dead letters`, {
      fix: "add `deadLetters: { directory: DIR }`, or name the folder that holds them",
    });
  }
  return { ...readableFolder(plan.deadLetters), plan };
}

function readableFolder({ plugin, config, type }: PlanPart): LetterPlace {
  const serializer = config["sink.serializer"] as CodecChoice | undefined;
  if (plugin.name !== "file_roll") {
    throw new CommandError(`The dead letters go to a sink of type "${type}", which dlq cannot read`, {
      fix:
        "read them where that sink writes them, or write dead letters to files: deadLetters: { directory: DIR }",
    });
  }
  if (serializer && !isReadable(serializer)) {
    throw new CommandError(
      `The dead letters are written as "${serializer.plugin.name}", which dlq cannot read`,
      {
        fix: 'write "serializer: avro_event" for those to come',
      },
    );
  }
  const name = (key: string, otherwise: string) => String(config[key] ?? otherwise);
  return {
    folder: absolutePath(String(config["sink.directory"])),
    inUse: {
      prefix: name("sink.inUsePrefix", IN_USE.prefix),
      suffix: name("sink.inUseSuffix", IN_USE.suffix),
    },
  };
}
