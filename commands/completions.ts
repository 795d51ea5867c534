import { defineCommand } from "./command.ts";
import { EXIT, usageError } from "./exit.ts";
import { loadCommands } from "./_registry.ts";
import { print } from "./_terminal.ts";

export default defineCommand({
  name: "completions",
  summary: "Prints a script that completes commands and options in a shell.",
  usage: ["completions bash|zsh|fish"],
  about: "bash: source <(sluice completions bash), in ~/.bashrc\n" +
    "zsh:  source <(sluice completions zsh), in ~/.zshrc behind compinit\n" +
    "fish: sluice completions fish > ~/.config/fish/completions/sluice.fish",
  options: {},
  positionals: { min: 1, max: 1, complete: ["bash", "zsh", "fish"] },
  example: "sluice completions fish",
  exitCodes: ["ok", "usage"],
  async run({ positionals: [shell = ""] }) {
    const { COMPLETION_SCRIPTS } = await import("./_completion_scripts.ts");
    if (!Object.hasOwn(COMPLETION_SCRIPTS, shell)) {
      throw usageError(`There are no completions for "${shell}"`, "write bash, zsh or fish");
    }
    print(COMPLETION_SCRIPTS[shell]!(await loadCommands()));
    return EXIT.ok;
  },
});
