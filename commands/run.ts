import type { Compiled } from "../compiler/compile.ts";
import { type Call, defineCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { durationMs } from "./_duration.ts";
import { compileFile, onlyFile, PIPELINE_OPTIONS } from "./_pipeline_file.ts";
import { errorColour, printError } from "./_terminal.ts";

const options = {
  ...PIPELINE_OPTIONS,
  "dry-run": { type: "boolean", about: "Only check, as validate does." },
  watch: { type: "boolean", about: "Reload when the file has changed, as SIGHUP does." },
  sandbox: { type: "boolean", about: "Run with just the permissions that the pipeline needs." },
  "shutdown-timeout": {
    type: "string",
    value: "TIME",
    about: "Limit of an orderly stop, instead of the file's (30s).",
  },
  "log-level": {
    type: "string",
    choices: ["debug", "info", "warn", "error"],
    about: "What is logged (info).",
  },
  "log-format": {
    type: "string",
    choices: ["text", "json"],
    about: "How logs are written (text on a terminal, else json).",
  },
  "no-restart": {
    type: "boolean",
    about: "Keep this process even where V8 needs another flag.",
  },
} as const;

type RunCall = Call<typeof options>;

export default defineCommand({
  name: "run",
  summary: "Runs a pipeline until its sources end or it is stopped.",
  usage: ["run [options] PIPELINE", "PIPELINE [options]"],
  about:
    "SIGINT or SIGTERM stops in the data's order: sources, what waits, sinks. A second one stops at once.\n" +
    "SIGHUP reads the file again and changes what differs; the rest keeps running.\n" +
    "Logs go to standard error. State lies in $SLUICE_STATE_DIR/<name>, else in ~/.sluice.",
  options,
  positionals: { min: 0, max: 1, complete: "files" },
  example: "sluice run pipelines/quickstart.yaml",
  exitCodes: ["ok", "findings", "usage", "failed", "interrupted", "terminated"],
  async run(call) {
    const { values, positionals } = call;
    const file = onlyFile("run", positionals, values);
    const shutdownMs = values["shutdown-timeout"] === undefined
      ? undefined
      : durationMs("shutdown-timeout", values["shutdown-timeout"]);
    const logging = values["dry-run"] ? undefined : import("./_agent.ts");
    const compiled = await compileFile(file, values);
    const { plan } = compiled;
    const again = plan && !values["dry-run"] ? await startAgain(file, compiled, call) : undefined;
    if (again !== undefined) return again;
    await showFindings(compiled, values);
    if (!plan) return EXIT.findings;
    if (values["dry-run"]) return EXIT.ok;
    const { runAgent } = await logging!;
    return await runAgent(plan, {
      file,
      isWatched: values.watch === true,
      readPlan: async () => {
        const again = await compileFile(file, values);
        await showFindings(again, values);
        return again.plan;
      },
      shutdownMs: shutdownMs ?? compiled.shutdownTimeoutMs,
      log: {
        level: values["log-level"] as "info" | undefined,
        format: values["log-format"] as "text" | undefined,
      },
    });
  },
});

async function showFindings({ diagnostics }: Compiled, values: RunCall["values"]): Promise<void> {
  if (diagnostics.length === 0) return;
  const { renderDiagnostics } = await import("../compiler/diagnostics.ts");
  if (values["log-format"] !== "json") {
    return printError(renderDiagnostics(diagnostics, { colour: errorColour() }));
  }
  for (const finding of diagnostics) {
    printError(`${JSON.stringify({ logger: "sluice.compiler", ...finding })}\n`);
  }
}

/** Starts the program once more where it needs other permissions or V8 flags; answers with its exit code. */
async function startAgain(
  file: string,
  compiled: Compiled,
  { values, written }: RunCall,
): Promise<number | undefined> {
  const needsLinear = !values["no-restart"] && await needsLinearRegex(compiled);
  if (!values.sandbox && !needsLinear) return undefined;
  const { canRespawn, LINEAR_REGEX_FLAG, respawn } = await import("./_respawn.ts");
  if (!canRespawn()) return await cannotRestart(values.sandbox === true);
  const { sandboxFlags } = await import("./_sandbox.ts");
  const permissions = values.sandbox ? sandboxFlags(file, compiled) : ["--allow-all"];
  const args = ["run", "--no-restart", ...written.filter((word) => word !== "--sandbox")];
  return await respawn({
    permissions,
    v8Flags: needsLinear || values.sandbox ? [LINEAR_REGEX_FLAG] : [],
    args,
  });
}

async function needsLinearRegex({ diagnostics }: Compiled): Promise<boolean> {
  if (!diagnostics.some(({ code }) => code === "runaway-regex")) return false;
  const { linearFallbackActive } = await import("../core/pattern.ts");
  return !linearFallbackActive();
}

async function cannotRestart(sandbox: boolean): Promise<undefined> {
  const { CommandError } = await import("./exit.ts");
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
