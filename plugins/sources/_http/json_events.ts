import { Refusal } from "./refusal.ts";

/** One event as Flume's JSON has it, headers and body as text. */
export interface TextEvent {
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly body: string;
}

const NO_EVENTS: readonly TextEvent[] = [];

/**
 * Reads Flume's JSON: an array of `{"headers": {…}, "body": "…"}`.
 * @throws {Refusal} 400 with the reason, for anything else: a single object too.
 */
export function parseJsonEvents(text: string): readonly TextEvent[] {
  const parsed = parseJson(text, "The body");
  if (!Array.isArray(parsed)) {
    throw new Refusal(
      400,
      'The body is no JSON array: send [{"headers": {}, "body": "text"}], also for one event',
    );
  }
  if (parsed.length === 0) return NO_EVENTS;
  for (let index = 0; index < parsed.length; index++) parsed[index] = checkEvent(parsed[index], index);
  return parsed;
}

/**
 * Reads one such event from each line; blank lines are skipped.
 * @throws {Refusal} 400 with the number of the line that is none.
 */
export function parseJsonLines(text: string): readonly TextEvent[] {
  const events: TextEvent[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    events.push(checkEvent(parseJson(line, `Line ${index + 1}`), events.length));
  }
  return events;
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refusal(400, `${what} is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The common case costs no copy: what was parsed is the event. */
function checkEvent(value: unknown, index: number): TextEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(400, `Event ${index} is no object with "headers" and "body"`);
  }
  const { headers, body } = value as { headers?: unknown; body?: unknown };
  if (typeof body === "string" && areTexts(headers)) return value as TextEvent;
  return { headers: checkHeaders(headers, index), body: toText(body, `"body" of event ${index}`) };
}

function areTexts(headers: unknown): boolean {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return false;
  for (const name in headers) {
    if (typeof (headers as Record<string, unknown>)[name] !== "string") return false;
  }
  return true;
}

function checkHeaders(headers: unknown, index: number): Record<string, string> | undefined {
  if (headers === undefined || headers === null) return undefined;
  if (typeof headers !== "object" || Array.isArray(headers)) {
    throw new Refusal(400, `"headers" of event ${index} is no object of texts`);
  }
  const entries = Object.entries(headers).map(([name, value]) =>
    [name, toText(value, `Header "${name}" of event ${index}`)] as const
  );
  return Object.fromEntries(entries);
}

/** Numbers and booleans are taken as text and null as no text, as Flume's parser does. */
function toText(value: unknown, what: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "object") throw new Refusal(400, `${what} is no text`);
  return String(value);
}
