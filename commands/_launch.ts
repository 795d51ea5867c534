import type { Compiled } from "../compiler/compile.ts";
import { CommandError, EXIT } from "./exit.ts";
import type { LogOptions } from "./_log.ts";
import type { ChangeListener } from "./_reload.ts";
import { errorColour, printError } from "./_terminal.ts";

/** What a pipeline is compiled from, and how one hears that it changed. */
export interface Configuration {
  /** What it is called in logs: a path, an address, a node. */
  readonly name: string;
  /** Reads and compiles it as it stands now. */
  compile(): Promise<Compiled>;
  /** Tells of changes until the answer is called. */
  readonly watch?: ((listener: ChangeListener) => () => void) | undefined;
}

/** How a command runs a pipeline. */
export interface LaunchOptions {
  /** The command, with its arguments as they were written, for a start with other flags. */
  readonly command: string;
  readonly written: readonly string[];
  /** Only check. */
  readonly isDry: boolean;
  /** Only with the permissions that this file's pipeline needs. */
  readonly sandboxFile?: string | undefined;
  readonly mayRestart: boolean;
  /** Instead of the pipeline's own limit of an orderly stop. */
  readonly shutdownMs?: number | undefined;
  readonly log: LogOptions;
}

/** Compiles a configuration, shows what was found, and runs the pipeline to its end; answers with the exit code. */
export async function launch(configuration: Configuration, options: LaunchOptions): Promise<number> {
  const running = options.isDry ? undefined : import("./_agent.ts");
  const compiled = await configuration.compile();
  const { plan } = compiled;
  const again = plan && !options.isDry ? await startAgain(compiled, options) : undefined;
  if (again !== undefined) return again;
  await showFindings(compiled, options.log);
  if (!plan) return EXIT.findings;
  if (options.isDry) return EXIT.ok;
  const { runAgent } = await running!;
  return await runAgent(plan, {
    file: configuration.name,
    watch: configuration.watch,
    readPlan: async () => {
      const again = await configuration.compile();
      await showFindings(again, options.log);
      return again.plan;
    },
    shutdownMs: options.shutdownMs ?? compiled.shutdownTimeoutMs,
    log: options.log,
  });
}

async function showFindings({ diagnostics }: Compiled, { format }: LogOptions): Promise<void> {
  if (diagnostics.length === 0) return;
  const { renderDiagnostics } = await import("../compiler/diagnostics.ts");
  if (format !== "json") {
    return printError(renderDiagnostics(diagnostics, { colour: errorColour() }));
  }
  for (const finding of diagnostics) {
    printError(`${JSON.stringify({ logger: "sluice.compiler", ...finding })}\n`);
  }
}

/** Starts the program once more where it needs other permissions or V8 flags; answers with its exit code. */
async function startAgain(compiled: Compiled, options: LaunchOptions): Promise<number | undefined> {
  const { sandboxFile, mayRestart, command, written } = options;
  const needsLinear = mayRestart && await needsLinearRegex(compiled);
  if (sandboxFile === undefined && !needsLinear) return undefined;
  const { canRespawn, LINEAR_REGEX_FLAG, respawn } = await import("./_respawn.ts");
  if (!canRespawn()) return await cannotRestart(sandboxFile !== undefined);
  const { sandboxFlags } = await import("./_sandbox.ts");
  return await respawn({
    permissions: sandboxFile === undefined ? ["--allow-all"] : sandboxFlags(sandboxFile, compiled),
    v8Flags: [LINEAR_REGEX_FLAG],
    args: [command, "--no-restart", ...written.filter((word) => word !== "--sandbox")],
  });
}

async function needsLinearRegex({ diagnostics }: Compiled): Promise<boolean> {
  if (!diagnostics.some(({ code }) => code === "runaway-regex")) return false;
  const { linearFallbackActive } = await import("../core/pattern.ts");
  return !linearFallbackActive();
}

async function cannotRestart(sandbox: boolean): Promise<undefined> {
  const { LINEAR_REGEX_FLAG } = await import("./_respawn.ts");
  throw new CommandError(
    sandbox ? "A compiled program cannot change its own permissions" : "A regular expression may run away",
    {
      fix: sandbox
        ? "run the source tree with `deno run -A cli.ts run --sandbox`, or compile with the flags of `sluice permissions`"
        : `set DENO_V8_FLAGS=${LINEAR_REGEX_FLAG}, change the expression, or run with --no-restart`,
    },
  );
}
