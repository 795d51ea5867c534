import { parseTemplate, type Piece } from "../../_escapes/parse.ts";
import type { Rounding } from "../../_escapes/time_zone.ts";

/** What decides how many files there will be. */
export interface RollSettings {
  /** The path with its escapes, which were found to be right. */
  readonly path: string;
  readonly round?: Rounding | undefined;
  /** 0 means never, here and below. */
  readonly rollIntervalMs: number;
  readonly rollBytes: number;
  readonly rollEvents: number;
  readonly idleMs: number;
  /** Files below a tenth of it are small; HDFS's own default otherwise. 0: small files harm nobody. */
  readonly blockBytes?: number | undefined;
  /** What has that size; "a block" otherwise. */
  readonly blockName?: string | undefined;
}

/** Files of a day and a partition: of events whose headers make the same path. */
interface FileCount {
  /** When the events of each hour (or whatever the path names) come at once … */
  readonly least: number;
  /** … when they come evenly … */
  readonly even: number;
  /** … and when they come in the worst order. */
  readonly most: number;
  /** Of a file when they come evenly, before it is compressed. */
  readonly evenBytes: number;
}

const DAY_MS = 86_400_000;
const EVENT_BYTES = 200;
const RATES = [1, 100, 10_000];
const BLOCK_BYTES = 134_217_728;
const UNIT_MS = { second: 1_000, minute: 60_000, hour: 3_600_000 };
/** The finest time that a letter tells; days and all that is coarser are a day here. */
const LETTER_MS: Readonly<Record<string, number>> = {
  ...{ s: UNIT_MS.second, S: UNIT_MS.second, c: UNIT_MS.second, M: UNIT_MS.minute },
  ...{ H: UNIT_MS.hour, I: UNIT_MS.hour, k: UNIT_MS.hour, l: UNIT_MS.hour, p: DAY_MS / 2 },
};
const NO_HOST = { name: "", address: "", fqdn: "" };

/** Lines that tell how many files the settings will make, for `sluice plan`. */
export function describeFiles(settings: RollSettings): readonly string[] {
  const lines = RATES.map((rate) => rateLine(rate, countFiles(settings, rate)));
  const rest = [unfinishedFault(settings), smallFilesFault(settings)].filter((fault) => fault !== undefined);
  return ["files a day and partition, for events of 200 bytes before compression:", ...lines, ...rest];
}

/** Says that the settings make files under a tenth of a block even from very many events; undefined when they need not. */
export function smallFilesFault(settings: RollSettings): string | undefined {
  const { blockBytes = BLOCK_BYTES, blockName = "a block" } = settings;
  const { evenBytes } = countFiles(settings, RATES.at(-1)!);
  if (evenBytes >= blockBytes / 10) return undefined;
  return `even at ${rateText(RATES.at(-1)!)} files have ${
    sizeText(evenBytes)
  }, under a tenth of ${blockName} of ${sizeText(blockBytes)}: ${smallFilesFix(settings)}`;
}

/** The counts for events that come at a rate. */
export function countFiles(settings: RollSettings, eventsPerSecond: number): FileCount {
  const events = eventsPerSecond * 86_400;
  const spanMs = pathSpanMs(settings);
  const spans = Math.min(DAY_MS / spanMs, events);
  const spanEvents = events / spans;
  const { rollIntervalMs, idleMs } = settings;
  const fullEvents = Math.min(
    settings.rollEvents || Infinity,
    Math.ceil(settings.rollBytes / EVENT_BYTES) || Infinity,
  );
  const isAlwaysIdle = idleMs > 0 && idleMs * eventsPerSecond < 1_000;
  const agedEvents = isAlwaysIdle ? 1 : rollIntervalMs * eventsPerSecond / 1_000 || Infinity;
  const evenEvents = Math.min(spanEvents, fullEvents, Math.max(agedEvents, 1));
  const closedByTime = Math.floor(spanMs / Math.min(rollIntervalMs || Infinity, idleMs || Infinity));
  const least = Math.ceil(spanEvents / Math.min(spanEvents, fullEvents));
  // Each pause can leave a file that is not full, and so can the end of the span.
  const most = closedByTime === 0 ? least : Math.floor(spanEvents / fullEvents) + closedByTime + 1;
  return {
    least: Math.round(spans * least),
    even: Math.round(spans * Math.ceil(spanEvents / evenEvents)),
    most: Math.round(Math.min(events, spans * most)),
    evenBytes: evenEvents * EVENT_BYTES,
  };
}

/** How long the path of a partition stays the same, a day at most. */
function pathSpanMs({ path, round }: RollSettings): number {
  const pieces = parseTemplate(path, NO_HOST);
  if (pieces.some(({ kind }) => kind === "stamp")) return 1;
  const finest = Math.min(DAY_MS, ...pieces.flatMap(finestMs));
  return round ? Math.min(DAY_MS, Math.max(finest, round.value * UNIT_MS[round.unit])) : finest;
}

function finestMs(piece: Piece): readonly number[] {
  return piece.kind === "time" ? [LETTER_MS[piece.letter] ?? DAY_MS] : [];
}

/** A file that no setting closes has its final name only when the agent stops. */
export function unfinishedFault({ rollIntervalMs, idleMs }: RollSettings): string | undefined {
  if (rollIntervalMs > 0 || idleMs > 0) return undefined;
  return "the last file of each path stays unfinished until the agent stops: set idleTimeout or rollInterval";
}

function smallFilesFix(settings: RollSettings): string {
  const { rollEvents, rollBytes, blockBytes = BLOCK_BYTES, blockName = "a block" } = settings;
  const tenth = blockBytes / 10;
  if (rollEvents > 0 && rollEvents * EVENT_BYTES < tenth) return "set rollCount to 0, or higher";
  if (rollBytes > 0 && rollBytes < tenth) return `set rollSize to ${blockName}, ${blockBytes}, or to 0`;
  return "set rollInterval higher, or name a longer time in the path";
}

function rateLine(rate: number, { least, even, most, evenBytes }: FileCount): string {
  const range = least === most ? count(least) : `${count(least)} to ${count(most)}`;
  return `  at ${rateText(rate)}: ${range}; evenly ${count(even)} of ${sizeText(evenBytes)}`;
}

function rateText(rate: number): string {
  return rate === 1 ? "1 event/s" : `${count(rate)} events/s`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** `13.4 MB`. */
function sizeText(bytes: number): string {
  const steps = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 4);
  const value = bytes / 1000 ** steps;
  return `${Number(value.toPrecision(3))} ${["B", "kB", "MB", "GB", "TB"][steps]}`;
}
