import { FORMAT_VERSION, type JournalFault } from "../../journal/mod.ts";
import { columns, print } from "../_terminal.ts";
import { holderOf, type JournalHome, segmentsOf } from "./home.ts";
import { type Survey, surveyOf } from "./survey.ts";

/** Prints what a journal holds, as tables or as JSON; changes nothing. */
export async function inspect(home: JournalHome, isJson: boolean): Promise<void> {
  const inUseBy = await holderOf(home);
  const survey = await surveyOf(home, await segmentsOf(home));
  if (!isJson) return print(surveyText(survey, inUseBy));
  const { id, ...rest } = survey;
  print(
    `${JSON.stringify({ id, formatVersion: FORMAT_VERSION, inUseBy: inUseBy ?? null, ...rest }, null, 2)}\n`,
  );
}

/** One line for each fault: what, where, and what it costs. */
export function faultLines(faults: readonly JournalFault[]): string {
  return faults.map(({ kind, path, offset, text }) => `${path}:${offset} ${kind}: ${text}\n`).join("");
}

/** `1 event`, `2 events`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

function surveyText(survey: Survey, inUseBy: string | undefined): string {
  const use = inUseBy === undefined ? "not in use" : `in use by ${inUseBy}`;
  return [
    `Journal ${survey.id ?? "without an id"}, format ${FORMAT_VERSION}, ${use}\n`,
    `Segments\n${segmentTable(survey)}`,
    `Channels\n${channelTable(survey)}`,
    `Source positions\n${positionTable(survey)}`,
    `Checkpoint\n${checkpointText(survey)}`,
    ...survey.faults.length === 0 ? [] : [`Faults\n${indented(faultLines(survey.faults))}`],
  ].join("\n");
}

function segmentTable({ segments }: Survey): string {
  const rows = segments.map((row) => [
    row.name,
    row.folder,
    String(row.bytes),
    String(row.firstSequence),
    row.events === 0 ? "-" : String(row.nextSequence - 1),
    row.firstTime ?? "-",
    row.lastTime ?? "-",
    String(row.frames),
    String(row.events),
  ]);
  const head = ["name", "folder", "bytes", "first", "last", "first put", "last put", "frames", "events"];
  return columns([head, ...rows], "  ");
}

function channelTable({ channels }: Survey): string {
  if (channels.length === 0) return "  none\n";
  const rows = channels.map((row) => [
    row.name,
    ...[row.id, row.epoch, row.cursor, row.undeliveredEvents, row.undeliveredBytes].map(String),
  ]);
  return columns([["name", "id", "epoch", "cursor", "undelivered", "bytes"], ...rows], "  ");
}

function positionTable({ positions }: Survey): string {
  // What the file channel itself keeps there has a name that no source can have.
  const rows = Object.entries(positions).filter(([source]) => !source.startsWith("/"))
    .map(([source, position]) => [source, JSON.stringify(position)]);
  return rows.length === 0 ? "  none\n" : columns(rows, "  ");
}

function checkpointText({ checkpoint }: Survey): string {
  if (checkpoint === undefined) return "  none was found; the log says all that is needed\n";
  const { folder, sequence, segmentNumber, offset, timeMs } = checkpoint;
  if (segmentNumber < 0) return `  ${folder}: made before the first event; the log says all else\n`;
  const place = `segment number ${segmentNumber}, byte ${offset}`;
  return `  ${folder}: up to sequence ${sequence}, ${place}, ${new Date(timeMs).toISOString()}\n`;
}

function indented(lines: string): string {
  return lines.replace(/^(?=.)/gm, "  ");
}
