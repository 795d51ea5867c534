import { defineCommand } from "./command.ts";
import { type CommandError, EXIT, usageError } from "./exit.ts";
import { commandHelp, programHelp } from "./_help.ts";
import { COMMAND_ALIASES, COMMAND_NAMES, loadCommand, loadCommands } from "./_registry.ts";
import { print } from "./_terminal.ts";

export default defineCommand({
  name: "help",
  summary: "Shows what a command does, its options and an example.",
  usage: ["help [COMMAND]"],
  options: {},
  positionals: { min: 0, max: 1, complete: COMMAND_NAMES },
  example: "sluice help run",
  exitCodes: ["ok", "usage"],
  async run({ positionals: [word] }) {
    if (word === undefined) {
      print(programHelp(await loadCommands()));
      return EXIT.ok;
    }
    const command = await loadCommand(word);
    if (!command) throw await unknownCommand(word);
    print(commandHelp(command));
    return EXIT.ok;
  },
});

async function unknownCommand(word: string): Promise<CommandError> {
  const { didYouMean } = await import("../compiler/nearest.ts");
  const near = didYouMean(word, [...COMMAND_NAMES, ...COMMAND_ALIASES]);
  return usageError(`There is no command "${word}"`, `${near}All commands: sluice help`);
}
