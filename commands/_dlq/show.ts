import { DEAD_LETTER_HEADERS } from "../../core/dead_letters.ts";
import type { Event } from "../../core/mod.ts";
import { print, printError } from "../_terminal.ts";
import type { LetterFolder } from "./folder.ts";
import { readLetters } from "./letters.ts";
import { decodeText, plainText, unreadable } from "./text.ts";

/** Which dead letters are shown. */
export interface ShowOptions {
  readonly component?: string | undefined;
  /** A part of the reason; case is ignored. */
  readonly reason?: string | undefined;
  /** Events at most. */
  readonly limit: number;
}

/** Prints dead letters with their headers and bodies. Answers whether every file could be read. */
export async function showLetters(
  { files, path: folder }: LetterFolder,
  options: ShowOptions,
): Promise<boolean> {
  let isWhole = true;
  let shown = 0;
  for (const path of files) {
    try {
      for await (const batch of readLetters(path)) {
        for (const event of batch) {
          if (!isWanted(event, options)) continue;
          if (shown++ < options.limit) {
            print(eventText(event, path.slice(folder.replace(/\/+$/, "").length + 1)));
          }
        }
      }
    } catch (cause) {
      isWhole = false;
      printError(`${unreadable(path, cause)}\n`);
    }
  }
  const more = shown - options.limit;
  if (more > 0) print(`${more.toLocaleString("en-US")} more; see them with --limit ${shown}\n`);
  return isWhole;
}

function isWanted({ headers }: Event, { component, reason }: ShowOptions): boolean {
  if (component !== undefined && headers[DEAD_LETTER_HEADERS.component] !== component) return false;
  const own = headers[DEAD_LETTER_HEADERS.reason] ?? "";
  return reason === undefined || own.toLowerCase().includes(reason.toLowerCase());
}

function eventText({ headers, body }: Event, file: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `  ${plainText(name)}: ${plainText(value)}\n`);
  const text = decodeText(body);
  const form = text === undefined ? `base64 of ${body.length} bytes` : `${body.length} bytes`;
  return `${file}\n${lines.join("")}  body (${form}): ${
    text === undefined ? body.toBase64() : plainText(text)
  }\n\n`;
}
