/** One event as Flume's JSON has it, headers and body as text. */
export interface TextEvent {
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly body: string;
}

const NO_EVENTS: readonly TextEvent[] = [];

/**
 * Reads Flume's JSON: an array of `{"headers": {…}, "body": "…"}`.
 * @throws {SyntaxError} for anything else, a single object too.
 */
export function parseJsonEvents(text: string): readonly TextEvent[] {
  const parsed = parseJson(text, "The body");
  if (!Array.isArray(parsed)) {
    throw new SyntaxError(
      'The body is no JSON array: send [{"headers": {}, "body": "text"}], also for one event',
    );
  }
  if (parsed.length === 0) return NO_EVENTS;
  for (let index = 0; index < parsed.length; index++) {
    parsed[index] = checkEvent(parsed[index], `Event ${index}`);
  }
  return parsed;
}

/**
 * Reads one such event from a text that `what` names.
 * @throws {SyntaxError} when it is none.
 */
export function parseJsonEvent(text: string, what: string): TextEvent {
  return checkEvent(parseJson(text, what), what);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`${what} is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The common case costs no copy: what was parsed is the event. */
function checkEvent(value: unknown, what: string): TextEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError(`${what} is no object with "headers" and "body"`);
  }
  const { headers, body } = value as { headers?: unknown; body?: unknown };
  if (typeof body === "string" && areTexts(headers)) return value as TextEvent;
  return { headers: checkHeaders(headers, what), body: toText(body, `${what}: its "body"`) };
}

function areTexts(headers: unknown): boolean {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return false;
  for (const name in headers) {
    if (typeof (headers as Record<string, unknown>)[name] !== "string") return false;
  }
  return true;
}

function checkHeaders(headers: unknown, what: string): Record<string, string> | undefined {
  if (headers === undefined || headers === null) return undefined;
  if (typeof headers !== "object" || Array.isArray(headers)) {
    throw new SyntaxError(`${what}: its "headers" are no object of texts`);
  }
  const entries = Object.entries(headers)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, toText(value, `${what}: its header "${name}"`)] as const);
  return Object.fromEntries(entries);
}

/** Numbers and booleans are taken as text and null as nothing, as Flume's parser does. */
function toText(value: unknown, what: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "object") throw new SyntaxError(`${what} is no text`);
  return String(value);
}
