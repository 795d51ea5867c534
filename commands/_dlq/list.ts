import { DEAD_LETTER_HEADERS } from "../../core/dead_letters.ts";
import type { EventBatch } from "../../core/mod.ts";
import { columns, print, printError } from "../_terminal.ts";
import type { LetterFolder } from "./folder.ts";
import { readLetters } from "./letters.ts";
import { count, plainText, unreadable } from "./text.ts";

/** Events that were refused by the same sink for the same reason. */
interface Group {
  readonly component: string;
  readonly reason: string;
  events: number;
  firstMs: number;
  lastMs: number;
}

const MAX_REASON_CHARS = 120;

/** Prints how many dead letters there are, by component and reason. Answers whether every file could be read. */
export async function listLetters(folder: LetterFolder): Promise<boolean> {
  const groups = new Map<string, Group>();
  let isWhole = true;
  for (const path of folder.files) {
    try {
      for await (const batch of readLetters(path)) addTo(groups, batch);
    } catch (cause) {
      isWhole = false;
      printError(`${unreadable(path, cause)}\n`);
    }
  }
  const rows = [...groups.values()].sort((one, other) => other.events - one.events).map((group) => [
    group.events.toLocaleString("en-US"),
    group.component,
    isoTime(group.firstMs),
    isoTime(group.lastMs),
    plainText(group.reason).slice(0, MAX_REASON_CHARS),
  ]);
  if (rows.length > 0) print(columns([["EVENTS", "COMPONENT", "FIRST", "LAST", "REASON"], ...rows]));
  print(folderLine(folder));
  return isWhole;
}

function addTo(groups: Map<string, Group>, batch: EventBatch): void {
  const header = (index: number, name: keyof typeof DEAD_LETTER_HEADERS) =>
    batch.header(index, DEAD_LETTER_HEADERS[name]);
  for (let index = 0; index < batch.size; index++) {
    const [component, reason] = [header(index, "component") ?? "-", header(index, "reason") ?? "-"];
    const timeMs = Number(header(index, "time") ?? NaN);
    const key = JSON.stringify([component, reason]);
    const group = groups.get(key) ?? { component, reason, events: 0, firstMs: timeMs, lastMs: timeMs };
    groups.set(key, group);
    group.events++;
    group.firstMs = Math.min(group.firstMs, timeMs);
    group.lastMs = Math.max(group.lastMs, timeMs);
  }
}

function folderLine({ path, files, inUse, replayed }: LetterFolder): string {
  const more = [
    ...inUse > 0 ? [`${inUse} still being written, not counted`] : [],
    ...replayed > 0 ? [`${replayed} replayed`] : [],
  ];
  return `${[`${count(files.length, "file")} of dead letters in ${path}`, ...more].join("; ")}\n`;
}

function isoTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? "-" : date.toISOString().replace(/\.\d+Z$/, "Z");
}
