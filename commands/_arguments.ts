import { parseArgs } from "node:util";
import type { Call, Command, CommandOptions } from "./command.ts";
import { usageError } from "./exit.ts";

/**
 * Reads the arguments of a command.
 * @throws {CommandError} when they do not fit its definition.
 */
export async function readArguments(
  command: Command,
  written: readonly string[],
): Promise<Call<CommandOptions>> {
  const { values, positionals } = await parse(command, command.rewrite?.(written) ?? written);
  for (const [name, value] of Object.entries(values)) checkChoice(name, value, command.options);
  const { min, max } = command.positionals;
  if (positionals.length < min) {
    throw usageError(
      `${command.name} needs ${min === 1 ? "an argument" : `${min} arguments`} more`,
      usageOf(command),
    );
  }
  if (positionals.length > max) {
    throw usageError(`${command.name} cannot use "${positionals[max]}"`, usageOf(command));
  }
  return { values: values as Call<CommandOptions>["values"], positionals, written };
}

/** Whether the arguments ask for help rather than for work. */
export function asksForHelp(written: readonly string[]): boolean {
  const end = written.indexOf("--");
  return (end < 0 ? written : written.slice(0, end)).some((word) => word === "--help" || word === "-h");
}

async function parse(command: Command, written: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...short !== undefined && { short }, ...multiple && { multiple } },
    ]),
  );
  try {
    return parseArgs({ args: [...written], options, allowPositionals: true, strict: true });
  } catch (cause) {
    throw await parseFault(command, cause);
  }
}

/** Turns parseArgs' complaint into ours, with the option that was probably meant. */
async function parseFault(command: Command, cause: unknown): Promise<unknown> {
  const { code, message: text } = cause as Error & { code?: string };
  if (!code?.startsWith("ERR_PARSE_ARGS")) return cause;
  const quoted = /'(-[^' ]*)/.exec(text)?.[1];
  if (code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION" || quoted === undefined) {
    return usageError(text.split(". ")[0]!.split("\n")[0]!, `All options: sluice ${command.name} --help`);
  }
  const { didYouMean } = await import("../compiler/nearest.ts");
  const word = quoted.replace(/=.*/, "");
  const near = didYouMean(word, [...Object.keys(command.options), "help"].map((name) => `--${name}`));
  return usageError(
    `${command.name} has no option ${word}`,
    `${near}All options: sluice ${command.name} --help`,
  );
}

function checkChoice(name: string, value: unknown, options: CommandOptions): void {
  const choices = options[name]?.choices;
  if (!choices || choices.includes(String(value))) return;
  throw usageError(`--${name} cannot be "${value}"`, `write one of ${choices.join(", ")}`);
}

function usageOf({ usage }: Command): string {
  return `write: ${usage.map((line) => `sluice ${line}`).join("  or: ")}`;
}
