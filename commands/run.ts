import { ADMIN_PORT } from "./_admin_port.ts";
import { defineCommand } from "./command.ts";
import { durationMs } from "./_duration.ts";
import { launch } from "./_launch.ts";
import { compileFile, onlyFile, PIPELINE_OPTIONS } from "./_pipeline_file.ts";
import { watchFile } from "./_reload.ts";

/** How often a watched file is looked at. */
const LOOK_MS = 1000;

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
  "admin-port": ADMIN_PORT,
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
  async run({ values, positionals, written }) {
    const file = onlyFile("run", positionals, values);
    const shutdown = values["shutdown-timeout"];
    return await launch({
      name: file,
      compile: () => compileFile(file, values),
      watch: values.watch ? (listener) => watchFile(file, { lookMs: LOOK_MS }, listener) : undefined,
    }, {
      command: "run",
      written,
      isDry: values["dry-run"] === true,
      sandboxFile: values.sandbox ? file : undefined,
      mayRestart: values["no-restart"] !== true,
      shutdownMs: shutdown === undefined ? undefined : durationMs("shutdown-timeout", shutdown),
      log: {
        level: values["log-level"] as "info" | undefined,
        format: values["log-format"] as "text" | undefined,
      },
    });
  },
});
