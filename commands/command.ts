import type { ExitName } from "./exit.ts";

/** One `--option` of a command. */
export interface CommandOption {
  readonly type: "boolean" | "string";
  /** One letter, written after a single dash. */
  readonly short?: string;
  /** What stands for the value in the help, such as `DIR`; a `FILE` or `DIR` is completed as a path. */
  readonly value?: string;
  /** The only words it takes. */
  readonly choices?: readonly string[];
  /** May be written more than once. */
  readonly multiple?: boolean;
  readonly about: string;
}

/** The options of a command, by their long names. */
export type CommandOptions = Readonly<Record<string, CommandOption>>;

type OptionValue<O extends CommandOption> = O["type"] extends "boolean" ? boolean
  : O extends { readonly multiple: true } ? string[]
  : string;

/** What the command line says, checked against the command's definition. */
export interface Call<O extends CommandOptions> {
  readonly values: { readonly [K in keyof O]?: OptionValue<O[K]> };
  readonly positionals: readonly string[];
  /** The arguments as they were written, without the command's name. */
  readonly written: readonly string[];
}

/** What every file of a command exports by default. */
export interface Command<O extends CommandOptions = CommandOptions> {
  readonly name: string;
  /** Other words for it. */
  readonly aliases?: readonly string[];
  /** One sentence, shown in listings. */
  readonly summary: string;
  /** What follows `sluice`, one line for each form. */
  readonly usage: readonly string[];
  /** What else one should know, in lines for a terminal. */
  readonly about?: string;
  readonly options: O;
  /** Writes arguments that follow another program's habits as our options. */
  readonly rewrite?: (written: readonly string[]) => readonly string[];
  /** Arguments that are no options: how many, and what completes them. */
  readonly positionals: {
    readonly min: number;
    readonly max: number;
    readonly complete?: "files" | readonly string[];
  };
  /** A command that works as it stands. */
  readonly example: string;
  readonly exitCodes: readonly ExitName[];
  /** Does the work and answers with the exit code. */
  run(call: Call<O>): Promise<number>;
}

/** Declares a command; the types of its option values follow from its options. */
export function defineCommand<const O extends CommandOptions>(command: Command<O>): Command {
  return command as unknown as Command;
}
