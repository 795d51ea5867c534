import { asksForHelp, readArguments } from "./_arguments.ts";
import { CommandError, EXIT } from "./exit.ts";
import { loadCommand } from "./_registry.ts";
import { errorColour, print, printError } from "./_terminal.ts";

/** Does what the arguments of the program say, and answers with its exit code. */
export async function dispatch(args: readonly string[]): Promise<number> {
  try {
    return await dispatchWord(args);
  } catch (cause) {
    return await report(cause);
  }
}

async function dispatchWord(args: readonly string[]): Promise<number> {
  const [word, ...rest] = args;
  if (word === undefined) {
    await runCommand("help", []);
    return EXIT.usage;
  }
  if (word === "--help" || word === "-h") return await runCommand("help", []);
  if (word === "--version" || word === "-V") return await runCommand("version", []);
  const command = await loadCommand(word);
  if (command) return await runCommand(word, rest);
  return await runCommand(looksLikeFile(args) ? "run" : "help", looksLikeFile(args) ? args : [word]);
}

async function runCommand(word: string, args: readonly string[]): Promise<number> {
  const command = (await loadCommand(word))!;
  if (!asksForHelp(args)) return await command.run(await readArguments(command, args));
  const { commandHelp } = await import("./_help.ts");
  print(commandHelp(command));
  return EXIT.ok;
}

/** Without a command the arguments are those of `run`: they begin with a file, or with an option of it. */
function looksLikeFile([word = ""]: readonly string[]): boolean {
  return word.startsWith("-") || /[./\\]/.test(word) || isFile(word);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function report(cause: unknown): Promise<number> {
  const paint = (code: string, text: string) => errorColour() ? `\x1b[${code}m${text}\x1b[0m` : text;
  const { errorText } = await import("../core/errors.ts");
  printError(`${paint("31", "error")}: ${errorText(cause)}\n`);
  if (!(cause instanceof CommandError)) return EXIT.failed;
  if (cause.fix !== undefined) printError(`  ${paint("32", "fix")}: ${cause.fix}\n`);
  return EXIT[cause.exit];
}
