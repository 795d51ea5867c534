import { DEAD_LETTER_HEADERS } from "../../core/dead_letters.ts";
import type { Event } from "../../core/mod.ts";
import { usageError } from "../exit.ts";
import { requestHeaders } from "../_send/headers.ts";
import { type HttpTarget, postLines } from "../_send/http.ts";
import type { LineChunk } from "../_send/lines.ts";
import { Tally } from "../_send/tally.ts";
import { print, printError } from "../_terminal.ts";
import { type LetterFolder, setAside } from "./folder.ts";
import { readLetters } from "./letters.ts";
import { count, decodeText, unreadable } from "./text.ts";

/** Where and how dead letters are posted. */
export interface PostOptions {
  readonly to: string;
  /** Lines such as `Authorization: Bearer …`. */
  readonly headers: readonly string[];
  /** Milliseconds without any success after which the target is given up. */
  readonly retryMs: number;
  /** Files that are delivered are removed. */
  readonly isDeleted: boolean;
}

const TIMEOUT_MS = 30_000;
const MAX_EVENTS = 500;
const MAX_BYTES = 1024 * 1024;
const [NEWLINE, COMMA, OPEN, CLOSE] = [0x0A, 0x2C, 0x5B, 0x5D];
const OWN_HEADERS: ReadonlySet<string> = new Set(Object.values(DEAD_LETTER_HEADERS));

/** Posts all files to an http source, as Flume's JSON. Answers whether every event was accepted. */
export async function postLetters({ files }: LetterFolder, options: PostOptions): Promise<boolean> {
  const target = targetOf(options);
  let [events, filesLeft] = [0, 0];
  for (const path of files) {
    const tally = new Tally({ change() {}, reason: (reason) => printError(`warning: ${reason}\n`) });
    const isRead = await postFile(path, target, tally);
    events += tally.acceptedLines;
    if (isRead && tally.refusedLines === 0) await setAside(path, options.isDeleted);
    else filesLeft++;
  }
  const left = filesLeft > 0 ? `; ${count(filesLeft, "file")} left` : "";
  print(`${count(events, "event")} accepted from ${count(files.length, "file")}${left}\n`);
  return filesLeft === 0;
}

function targetOf({ to, headers, retryMs }: PostOptions): HttpTarget {
  const url = URL.parse(to);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw usageError(`--to cannot be "${to}"`, "write --to http://host:port/ or https://host:port/");
  }
  const type = "application/json; charset=utf-8";
  return {
    url,
    headers: requestHeaders(headers, url, type),
    timeoutMs: TIMEOUT_MS,
    retryMs,
    bodyOf: arrayOf,
  };
}

/** Answers whether the whole file could be sent as JSON. */
async function postFile(path: string, target: HttpTarget, tally: Tally): Promise<boolean> {
  try {
    // Nothing is sent of a file that cannot be sent whole.
    for await (const batch of readLetters(path)) for (const event of batch) lineOf(event);
  } catch (cause) {
    printError(`${unreadable(path, cause)}\n`);
    return false;
  }
  await postLines(chunksOf(path), target, tally);
  return true;
}

async function* chunksOf(path: string): AsyncGenerator<LineChunk> {
  let lines: string[] = [];
  let chars = 0;
  const chunk = () => {
    const made = { bytes: new TextEncoder().encode(lines.join("")), lines: lines.length };
    [lines, chars] = [[], 0];
    return made;
  };
  for await (const batch of readLetters(path)) {
    for (const event of batch) {
      const line = lineOf(event);
      if (lines.length === MAX_EVENTS || (lines.length > 0 && chars + line.length > MAX_BYTES)) yield chunk();
      lines.push(line);
      chars += line.length;
    }
  }
  if (lines.length > 0) yield chunk();
}

function lineOf({ headers, body }: Event): string {
  const text = decodeText(body);
  if (text === undefined) {
    throw new TypeError("it holds a body that is not UTF-8, which JSON cannot carry; replay it without --to");
  }
  const own = Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name));
  return `${JSON.stringify({ headers: Object.fromEntries(own), body: text })}\n`;
}

/** Flume's array of events: each newline behind an event becomes a comma, the last one the end. */
function arrayOf(lines: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(lines.length + 1);
  body[0] = OPEN;
  body.set(lines, 1);
  for (let at = body.indexOf(NEWLINE); at >= 0; at = body.indexOf(NEWLINE, at)) body[at] = COMMA;
  body[body.length - 1] = CLOSE;
  return body;
}
