import type { Plan, PlanPart } from "../../core/plan.ts";
import { CommandError } from "../exit.ts";
import { compileFile } from "../_pipeline_file.ts";
import { absolutePath } from "../_surroundings.ts";
import { type HomeChoice, type JournalHome, quoted, sealOf } from "./home.ts";

/**
 * Finds the journal that the channels of a pipeline file share.
 * @throws {CommandError} when the file has errors, no such channel, or channels of several journals and none is named.
 */
export async function pipelineHome(file: string, choice: HomeChoice): Promise<JournalHome> {
  const { plan, diagnostics } = await compileFile(file, choice);
  if (!plan) {
    const { renderDiagnostics } = await import("../../compiler/diagnostics.ts");
    const findings = renderDiagnostics(diagnostics).trimEnd();
    throw new CommandError(`The pipeline file has errors\n${findings}`, {
      fix: "correct it, or name the journal's folder instead",
      exit: "findings",
    });
  }
  const all = plan.channels.filter(isJournaled);
  const chosen = chooseChannels(file, all, choice.channel);
  const homes = new Map(chosen.map((channel) => [JSON.stringify(foldersOf(channel, plan)), channel]));
  if (homes.size > 1) {
    throw new CommandError(
      `The channels ${quoted(chosen.map(({ name }) => name))} lie in ${homes.size} journals`,
      {
        fix: "name one of them: --channel NAME",
        exit: "usage",
      },
    );
  }
  return await homeOfChannel(chosen[0]!, plan, choice);
}

async function homeOfChannel(channel: PlanPart, plan: Plan, choice: HomeChoice): Promise<JournalHome> {
  const { config } = channel;
  const backup = config.useDualCheckpoints === true ? config.backupCheckpointDir as string : undefined;
  const keyFile = choice["key-file"] ?? config["encryption.keyFile"] as string | undefined;
  const activeKey = config["encryption.activeKey"] as string | undefined;
  return {
    ...foldersOf(channel, plan),
    backupCheckpointFolder: backup && absolutePath(backup),
    seal: await sealOf(keyFile && absolutePath(keyFile), activeKey),
  };
}

function isJournaled({ plugin }: PlanPart): boolean {
  return Object.hasOwn(plugin.config, "dataDirs") || plugin.name === "jdbc";
}

function chooseChannels(
  file: string,
  all: readonly PlanPart[],
  name: string | undefined,
): readonly PlanPart[] {
  const chosen = name === undefined ? all : all.filter((channel) => channel.name === name);
  if (chosen.length > 0) return chosen;
  const names = quoted(all.map((channel) => channel.name));
  throw new CommandError(`"${file}" has no channel ${name === undefined ? "" : `"${name}" `}on disk`, {
    fix: all.length > 0
      ? `write one of ${names}`
      : "name a pipeline whose channels have the type file, or a folder",
    exit: "usage",
  });
}

/** The defaults are those of the channel: `journal` in the state folder, and the checkpoint in the first folder. */
function foldersOf({ config }: PlanPart, { stateDir }: Plan) {
  const dataDirs = config.dataDirs as readonly string[] | undefined;
  const folders = (dataDirs?.length ? dataDirs : [`${stateDir}/journal`]).map(absolutePath);
  const checkpointDir = config.checkpointDir as string | undefined;
  return {
    folders,
    checkpointFolder: checkpointDir === undefined ? folders[0]! : absolutePath(checkpointDir),
  };
}
