import { ADMIN_PORT } from "./_admin_port.ts";
import { type LogOptions, openLog } from "./_log.ts";
import { type Call, defineCommand } from "./command.ts";
import { readArguments } from "./_arguments.ts";
import { durationMs } from "./_duration.ts";
import { usageError } from "./exit.ts";
import { launch } from "./_launch.ts";
import { PIPELINE_OPTIONS } from "./_pipeline_file.ts";
import { systemProperties } from "./_written_pairs.ts";
import { AgentConfiguration } from "./_configuration/agent_configuration.ts";
import { Backup } from "./_configuration/backup.ts";
import { placesOf } from "./_configuration/places.ts";
import { type FlumeHome, readFlumeHome } from "./_flume/flume_home.ts";
import { logSettings } from "./_flume/log_settings.ts";
import { AGENT_OPTIONS, FLUME_OPTIONS } from "./_flume/options.ts";
import { readOptionsFile } from "./_flume/options_file.ts";
import { findClasses, type FoundClasses } from "./_flume/plugin_folders.ts";
import { setEnvironment } from "./_flume/process_environment.ts";
import { propertyNotes } from "./_flume/property_notes.ts";
import { flumeWords } from "./_flume/words.ts";

const options = {
  ...AGENT_OPTIONS,
  define: { ...PIPELINE_OPTIONS.define, about: "System property, such as flume.root.logger=INFO,console." },
  ...FLUME_OPTIONS,
  class: PIPELINE_OPTIONS.class,
  "state-dir": PIPELINE_OPTIONS["state-dir"],
  "shutdown-timeout": { type: "string", value: "TIME", about: "Limit of an orderly stop (30s)." },
  "admin-port": ADMIN_PORT,
  "log-level": {
    type: "string",
    choices: ["debug", "info", "warn", "error"],
    about: "What is logged, before -Dflume.root.logger.",
  },
  "log-format": {
    type: "string",
    choices: ["text", "json"],
    about: "How logs are written (text on a terminal).",
  },
  "no-restart": { type: "boolean", about: "Keep this process even where V8 needs another flag." },
} as const;

type AgentValues = Call<typeof options>["values"];

const command = defineCommand({
  name: "agent",
  aliases: ["node"],
  summary: "Runs an agent as flume-ng does, with its options and habits.",
  usage: [
    "agent --name NAME --conf-file FILE [options]",
    "agent --name NAME --conf-uri URI [options]",
    "agent --name NAME --zkConnString HOSTS [options]",
  ],
  about: "What changes is reloaded by difference: files and addresses within the poll interval, a node\n" +
    "in ZooKeeper at once, all at SIGHUP. A configuration with errors leaves the old one at work.\n" +
    "Options may also stand in /etc/flume/flume.opts, or flume.opts in the folder of --conf.",
  options,
  rewrite: flumeWords(options),
  positionals: { min: 0, max: 0 },
  example: "sluice agent -n a1 -c conf -f flume.conf -Dflume.root.logger=INFO,console",
  exitCodes: ["ok", "findings", "usage", "failed", "interrupted", "terminated"],
  run: ({ values, written }) => runFlumeAgent(values, written),
});

export default command;

async function runFlumeAgent(own: AgentValues, written: readonly string[]): Promise<number> {
  const { values, home, notes } = await withOptionsFile(own);
  refuseUnknownClasses(values);
  const properties = systemProperties(home.defined);
  setEnvironment(home.exported, properties);
  const { notes: logNotes, ...fromLogger } = logSettings(properties["flume.root.logger"]);
  const log = { ...fromLogger, ...logOf(values) };
  const logger = openLog(log)("agent");
  const plugins = await findClasses(values["plugins-path"]);
  for (const note of [...notes, ...logNotes, ...propertyNotes(properties), ...plugins.notes]) {
    logger.info(note);
  }
  const configuration = new AgentConfiguration({
    ...placesAbout(values, home, plugins),
    isWatched: values["no-reload-conf"] !== true,
    isAwaited: values.dryrun !== true &&
      (values.zkConnString !== undefined || Object.hasOwn(properties, "flume.called.from.service")),
    backup: backupOf(values),
    warn: (text) => logger.warn(text),
  });
  try {
    return await launch(configuration, {
      command: "agent",
      written,
      isDry: values.dryrun === true,
      mayRestart: values["no-restart"] !== true,
      shutdownMs: limitOf(values),
      log,
    });
  } finally {
    configuration.close();
  }
}

/** Where the configuration is read, and what it is compiled with. */
function placesAbout(values: AgentValues, home: FlumeHome, { classes }: FoundClasses) {
  const places = placesOf(values, home.folders);
  const about = {
    ...values.name !== undefined && { name: values.name },
    ...values["state-dir"] !== undefined && { "state-dir": values["state-dir"] },
    ...values["admin-port"] !== undefined && { "admin-port": values["admin-port"] },
    define: home.defined,
    class: [...classes, ...values.class ?? []],
    // The state must not move when a second file is added.
    stateKey: values["conf-file"]?.[0] ?? places[0]!.name,
  };
  return { places, about };
}

function logOf({ "log-level": level, "log-format": format }: AgentValues): LogOptions {
  return {
    ...level !== undefined && { level: level as "info" },
    ...format !== undefined && { format: format as "text" },
  };
}

/** What the command line says comes before what `flume.opts` says. */
async function withOptionsFile(own: AgentValues) {
  const home = readFlumeHome(own);
  const file = readOptionsFile(command, [...home.folders, Deno.cwd()]);
  if (!file) return { values: own, home, notes: home.notes };
  const { values } = await readArguments(command, file.words) as unknown as Call<typeof options>;
  const all: AgentValues = { ...values, ...own };
  const later = readFlumeHome(all);
  return { values: all, home: later, notes: [`Options are read from "${file.path}"`, ...later.notes] };
}

function refuseUnknownClasses(values: AgentValues): void {
  const provider = values["conf-provider"];
  if (provider !== undefined) {
    throw usageError(
      `The Java class "${provider}" cannot be run to bring the configuration`,
      "let it be served over http, and write --conf-uri",
    );
  }
  const authentication = values["auth-provider"];
  if (authentication !== undefined && !/(?:^|\.)BasicAuthorizationProvider$/.test(authentication)) {
    throw usageError(
      `The Java class "${authentication}" cannot be run to authenticate`,
      "leave out --auth-provider, and write --conf-user and --conf-password",
    );
  }
  if (values["verify-host"] === "false") {
    throw usageError(
      "The host name in a certificate is always checked",
      "correct the certificate, or start with deno run --unsafely-ignore-certificate-errors=HOST",
    );
  }
}

function backupOf(values: AgentValues): Backup | undefined {
  const folder = values["backup-directory"];
  return folder === undefined ? undefined : new Backup(folder, values.name ?? "agent");
}

function limitOf({ "shutdown-timeout": limit }: AgentValues): number | undefined {
  return limit === undefined ? undefined : durationMs("shutdown-timeout", limit);
}
