import { EventBatch } from "sluice/plugin";

/** One event as Flume's JSON has it. */
interface TextEvent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Reads Flume's JSON: an array of `{"headers": {…}, "body": "…"}`.
 * @throws {SyntaxError} for anything else, a single object too.
 */
export function readArray(text: string): EventBatch {
  const parsed = parse(text, "The input");
  if (!Array.isArray(parsed)) {
    throw new SyntaxError(
      'Expected a JSON array such as [{"headers": {}, "body": "text"}], also for one event',
    );
  }
  return EventBatch.from(parsed.map((event, index) => checkEvent(event, `Event ${index}`)));
}

/**
 * Reads one event object from each line; blank lines mean nothing.
 * @throws {SyntaxError} with the byte offset of the line that is none.
 */
export function readLines(lines: EventBatch, baseOffset: number): EventBatch {
  const events: TextEvent[] = [];
  for (let index = 0; index < lines.size; index++) {
    const text = lines.text(index);
    if (text.trim() === "") continue;
    const where = `The line at byte ${baseOffset + lines.starts[index]!}`;
    events.push(checkEvent(parse(text, where), where));
  }
  return EventBatch.from(events);
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`${where} is no JSON: ${(cause as Error).message}`, { cause });
  }
}

function checkEvent(value: unknown, where: string): TextEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError(`${where} is no object with "headers" and "body"`);
  }
  const { headers, body } = value as { headers?: unknown; body?: unknown };
  return { headers: checkHeaders(headers, where), body: toText(body, `"body": ${where}`) ?? "" };
}

function checkHeaders(headers: unknown, where: string): Record<string, string> {
  if (headers === undefined || headers === null) return {};
  if (typeof headers !== "object" || Array.isArray(headers)) {
    throw new SyntaxError(`${where} has "headers" that are no object of texts`);
  }
  const texts = Object.entries(headers).flatMap(([name, value]) => {
    const text = toText(value, `Header "${name}": ${where}`);
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(texts);
}

/** Numbers and booleans are taken as text and null as nothing, as Flume's parser does. */
function toText(value: unknown, where: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "object") throw new SyntaxError(`${where} has a value that is no text`);
  return String(value);
}
