import type { Command, CommandOption } from "./command.ts";
import { EXIT, EXIT_MEANINGS, type ExitName } from "./exit.ts";
import { columns } from "./_terminal.ts";

/** The text of `sluice COMMAND --help`. */
export function commandHelp(command: Command): string {
  const aliases = command.aliases?.length ? `Also: ${command.aliases.join(", ")}\n` : "";
  const options: [string, CommandOption][] = [
    ...Object.entries(command.options),
    ["help", { type: "boolean", short: "h", about: "Show this." }],
  ];
  return [
    `${command.summary}\n${aliases}`,
    `Usage:\n${command.usage.map((line) => `  sluice ${line}\n`).join("")}`,
    ...command.about === undefined ? [] : [`${command.about}\n`],
    `Options:\n${
      columns(options.map(([name, option]) => [optionForm(name, option), optionText(option)]), "  ")
    }`,
    `Example:\n  ${command.example}\n`,
    `Exit codes:\n${exitTable(command.exitCodes)}`,
  ].join("\n");
}

/** The text of `sluice --help`. */
export function programHelp(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary]);
  return [
    "Sluice collects events, changes and routes them on the way, and delivers them.\n",
    `Usage:\n  sluice PIPELINE             run a pipeline file\n  sluice COMMAND [options]\n`,
    'Here "sluice" stands for the compiled program, or for: deno run -A cli.ts\n',
    `Commands:\n${columns(rows, "  ")}`,
    "Example:\n  sluice pipelines/quickstart.yaml\n",
    `Exit codes:\n${exitTable(Object.keys(EXIT) as ExitName[])}`,
    "More about a command: sluice COMMAND --help\n",
  ].join("\n");
}

function optionText({ about, choices }: CommandOption): string {
  return choices ? `${about.replace(/\.$/, "")}: ${choices.join(", ")}.` : about;
}

function optionForm(name: string, { short, type, value = "WORD" }: CommandOption): string {
  const taken = type === "boolean" ? "" : ` ${value}`;
  return `${short === undefined ? "    " : `-${short}, `}--${name}${taken}`;
}

function exitTable(names: readonly ExitName[]): string {
  return columns(names.map((name) => [String(EXIT[name]), EXIT_MEANINGS[name]]), "  ");
}
