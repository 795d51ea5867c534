import {
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  type LogLevel,
  type LogRecord,
} from "@logtape/logtape";
import type { Logger } from "../core/mod.ts";
import { errorColour, printError } from "./_terminal.ts";

/** How logs are written. */
export interface LogOptions {
  /** Absent: `text` on a terminal, `json` otherwise. */
  readonly format?: "text" | "json" | undefined;
  readonly level?: "debug" | "info" | "warn" | "error" | undefined;
}

const COLOURS: Readonly<Record<LogLevel, string>> = {
  trace: "2",
  debug: "2",
  info: "36",
  warning: "33",
  error: "31",
  fatal: "31",
};

/** Which format logs have when nobody says. */
export function logFormat({ format }: LogOptions): "text" | "json" {
  return format ?? (Deno.stderr.isTerminal() ? "text" : "json");
}

/** Sets logging up, to standard error (standard output belongs to sinks), and gives the loggers of components by name. */
export function openLog(options: LogOptions): (component: string) => Logger {
  const level = options.level === "warn" ? "warning" : options.level ?? "info";
  const format = logFormat(options) === "json"
    ? getJsonLinesFormatter({ properties: "flatten", message: "rendered", categorySeparator: "." })
    : textLine;
  configureSync({
    reset: true,
    sinks: { stderr: (line: LogRecord) => printError(format(line)) },
    loggers: [
      { category: ["logtape", "meta"], sinks: ["stderr"], lowestLevel: "error" },
      { category: "sluice", sinks: ["stderr"], lowestLevel: level },
    ],
  });
  return (component) => componentLogger(component);
}

/** Texts are passed as they are: braces in them are no placeholders. */
function componentLogger(component: string): Logger {
  const logger = getLogger(["sluice", component]);
  const write = (level: LogLevel) => (text: string, properties: Record<string, unknown> = {}) =>
    logger.emit({ level, message: [text], rawMessage: text, timestamp: Date.now(), properties });
  return { debug: write("debug"), info: write("info"), warn: write("warning"), error: write("error") };
}

function textLine({ level, category, message: parts, timestamp, properties }: LogRecord): string {
  const paint = (code: string, text: string) => errorColour() ? `\x1b[${code}m${text}\x1b[0m` : text;
  const time = new Date(timestamp).toTimeString().slice(0, 8);
  const word =
    { trace: "TRACE", debug: "DEBUG", info: "INFO", warning: "WARN", error: "ERROR", fatal: "FATAL" }[level];
  const more = Object.entries(properties).map(([name, value]) => ` ${name}=${propertyText(value)}`).join("");
  const head = `${paint("2", time)} ${paint(COLOURS[level], word.padEnd(5))} ${category.slice(1).join(".")}`;
  return `${head}: ${oneLine(parts.map(String).join(""))}${paint("2", oneLine(more))}\n`;
}

function propertyText(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  return typeof value === "string" && !/[\s"=]/.test(value) ? value : JSON.stringify(value) ?? String(value);
}

/** What events bring into a log may neither break its lines nor steer the terminal. */
function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => JSON.stringify(character).slice(1, -1));
}
