import type { Command } from "./command.ts";

type CommandModule = { readonly default: Command };

/**
 * Loads by a path that Deno does not see beforehand: it reads every module that it finds in an `import`, at each start of a
 * pipeline, too. Only for large commands that are never run with few permissions.
 */
const load = (path: string): Promise<CommandModule> => import(path);

/** All commands in the order in which the help lists them; only the one that is named gets loaded. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  run: () => import("./run.ts"),
  agent: () => load("./agent.ts"),
  validate: () => import("./validate.ts"),
  plan: () => import("./plan.ts"),
  permissions: () => import("./permissions.ts"),
  plugins: () => import("./plugins.ts"),
  schema: () => import("./schema.ts"),
  send: () => import("./send.ts"),
  "avro-client": () => load("./avro_client.ts"),
  convert: () => load("./convert.ts"),
  adopt: () => load("./adopt.ts"),
  dlq: () => load("./dlq.ts"),
  journal: () => load("./journal.ts"),
  bench: () => import("./bench.ts"),
  tool: () => load("./tool.ts"),
  completions: () => import("./completions.ts"),
  version: () => import("./version.ts"),
  help: () => import("./help.ts"),
};

/** Other words for commands; the command's own `aliases` say the same, so that nothing is loaded to find it. */
const ALIASES: Readonly<Record<string, string>> = {
  node: "agent",
  lint: "validate",
  configtest: "validate",
};

/** The names of all commands. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);
/** The other words that name a command. */
export const COMMAND_ALIASES: readonly string[] = Object.keys(ALIASES);

/** Loads a command by its name or alias; undefined when there is none. */
export async function loadCommand(word: string): Promise<Command | undefined> {
  const name = Object.hasOwn(ALIASES, word) ? ALIASES[word]! : word;
  if (!Object.hasOwn(COMMANDS, name)) return undefined;
  return (await COMMANDS[name]!()).default;
}

/** Loads all commands, in the order of the help. */
export async function loadCommands(): Promise<readonly Command[]> {
  return await Promise.all(Object.values(COMMANDS).map(async (load) => (await load()).default));
}
