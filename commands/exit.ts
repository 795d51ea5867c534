/** How the program ends; the same for every command. */
export const EXIT = {
  ok: 0,
  findings: 1,
  usage: 2,
  failed: 3,
  interrupted: 130,
  terminated: 143,
} as const;

/** The name of an exit code. */
export type ExitName = keyof typeof EXIT;

/** What each exit code says, as `--help` prints it. */
export const EXIT_MEANINGS: Readonly<Record<ExitName, string>> = {
  ok: "everything asked for was done",
  findings: "the pipeline file has errors and nothing was started, or the journal has faults",
  usage: "the command line is wrong",
  failed: "it could not start or go on, or something was not delivered",
  interrupted: "a second SIGINT (Ctrl-C) stopped it at once",
  terminated: "a second SIGTERM stopped it at once",
};

/** Ends a command: what is wrong, what to do about it, and with which code the program ends. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly fix: string | undefined;
  readonly exit: ExitName;

  constructor(
    text: string,
    options: { readonly fix?: string; readonly exit?: ExitName; readonly cause?: unknown },
  ) {
    super(text, options.cause === undefined ? {} : { cause: options.cause });
    this.fix = options.fix;
    this.exit = options.exit ?? "failed";
  }
}

/** Says that the command line cannot be used, and how to write it. */
export function usageError(text: string, fix: string): CommandError {
  return new CommandError(text, { fix, exit: "usage" });
}
