import type { LogOptions } from "../_log.ts";

/** Levels of log4j in our words. */
const LEVELS: Readonly<Record<string, NonNullable<LogOptions["level"]>>> = {
  all: "debug",
  trace: "debug",
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
  fatal: "error",
  off: "error",
};

/** What `flume.root.logger` means here, and what of it means nothing. */
export interface LogSettings extends LogOptions {
  readonly notes: readonly string[];
}

/** Reads a value such as `INFO,console`; the second `=` of a common slip (`-Dflume.root.logger==INFO,console`) is let pass. */
export function logSettings(written: string | undefined): LogSettings {
  if (written === undefined) return { notes: [] };
  const [word = "", ...appenders] = written.replace(/^=+/, "").split(",").map((part) =>
    part.trim().toLowerCase()
  );
  const level = LEVELS[word];
  const isConsole = appenders.includes("console");
  const others = appenders.filter((appender) => appender !== "console" && appender !== "");
  return {
    ...level && { level },
    ...isConsole && { format: "text" as const },
    notes: [
      ...written.startsWith("=")
        ? [`-Dflume.root.logger=${written} has one "=" too many; read as "${written.replace(/^=+/, "")}"`]
        : [],
      ...level ? [] : [`-Dflume.root.logger names no level that is known: "${word}"; logging at info`],
      ...others.length > 0
        ? [`Logs go to standard error, not to log4j's ${others.join(", ")}; redirect it to keep them`]
        : [],
    ],
  };
}
