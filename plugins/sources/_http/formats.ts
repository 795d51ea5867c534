import { type Codec, type CodecChoice, EventBatch, splitLines } from "sluice/plugin";
import { type DecodeText, jsonTextDecoder } from "../../../protocols/json_charset.ts";
import { parseJsonEvent, parseJsonEvents, type TextEvent } from "../../../protocols/flume_json.ts";
import { Refusal } from "./refusal.ts";

/** What a request brought, in the form that is cheapest to join with others. */
export type RequestEvents = readonly TextEvent[] | EventBatch;

/** Turns bodies of one kind into events. */
export interface Format {
  fromBytes(bytes: Uint8Array, request: Request): RequestEvents | Promise<RequestEvents>;
  /** The same for a body that is UTF-8 text anyway, which the server reads faster than bytes. */
  fromText?(text: string): RequestEvents;
}

/** What decides how bodies are read. */
export interface FormatSettings {
  /** Absent: the Content-Type decides. */
  readonly handler: { readonly choice: CodecChoice; readonly codec: Codec } | undefined;
  /** What a line of NDJSON is. */
  readonly ndjson: "body" | "event";
}

type Family = "json" | "ndjson" | "lines" | "blob";

const FAMILIES: Readonly<Record<string, Family>> = {
  "application/x-ndjson": "ndjson",
  "application/ndjson": "ndjson",
  "application/jsonl": "ndjson",
  "application/x-jsonlines": "ndjson",
  "text/plain": "lines",
  "application/octet-stream": "blob",
};
/** Content types that are remembered; a client could send a new one each time. */
const MAX_REMEMBERED = 100;

/** Finds how to read a body. */
export class Formats {
  readonly #settings: FormatSettings;
  readonly #known = new Map<string | null, Format>();

  constructor(settings: FormatSettings) {
    this.#settings = settings;
  }

  /**
   * The format for a Content-Type; JSON where the type says nothing, as in Flume.
   * @throws {Refusal} 415 for a charset that is not known.
   */
  for(contentType: string | null): Format {
    const known = this.#known.get(contentType);
    if (known) return known;
    const made = this.#make(contentType ?? "");
    if (this.#known.size < MAX_REMEMBERED) this.#known.set(contentType, made);
    return made;
  }

  #make(contentType: string): Format {
    const { handler, ndjson } = this.#settings;
    const type = contentType.split(";", 1)[0]!.trim().toLowerCase();
    const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? "utf-8";
    if (handler && !["json", "blob"].includes(handler.choice.plugin.name)) {
      return codecFormat(handler.codec, charset);
    }
    const family = handler ? handler.choice.plugin.name as Family : FAMILIES[type] ?? "json";
    if (family === "blob") return blobFormat(handler?.choice.config ?? {});
    if (family === "lines" || (family === "ndjson" && ndjson === "body")) return lineFormat(family, charset);
    const decode = textDecoder(charset);
    const parse = family === "ndjson" ? parseJsonLines : parseJsonEvents;
    const fromBytes = (bytes: Uint8Array) => parse(decode(bytes));
    return decode === textDecoder("utf-8") ? { fromBytes, fromText: parse } : { fromBytes };
  }
}

/** Bodies stay the client's own bytes. In NDJSON blank lines mean nothing; in text they are events. */
function lineFormat(family: Family, charset: string): Format {
  const decode = textDecoder(charset);
  const isUtf8 = decode === textDecoder("utf-8");
  const fromBytes = (bytes: Uint8Array) => {
    const block = isUtf8 ? bytes : new TextEncoder().encode(decode(bytes));
    const batch = new EventBatch({ block, ...splitLines(block, { last: true, cutReturn: true }) });
    return family === "ndjson" && hasEmptyBody(batch)
      ? batch.filter((index) => batch.ends[index]! > batch.starts[index]!)
      : batch;
  };
  return { fromBytes };
}

function hasEmptyBody({ size, starts, ends }: EventBatch): boolean {
  for (let index = 0; index < size; index++) if (starts[index] === ends[index]) return true;
  return false;
}

/** One event: the body as it is, and the query parameters (the first of each name) as headers. */
function blobFormat(config: Readonly<Record<string, unknown>>): Format {
  const mandatory = Array.isArray(config.mandatoryParameters) ? config.mandatoryParameters as string[] : [];
  const maxBytes = typeof config.maxBlobLength === "number" ? config.maxBlobLength : Infinity;
  const fromBytes = (bytes: Uint8Array, request: Request) => {
    if (bytes.length > maxBytes) throw new Refusal(413, `The body exceeds maxBlobLength ${maxBytes} bytes`);
    const headers = queryOf(request);
    const missing = mandatory.filter((name) => !headers.has(name));
    if (missing.length > 0) throw new Refusal(400, `Query parameters are missing: ${missing.join(", ")}`);
    return new EventBatch({
      block: bytes,
      starts: Uint32Array.of(0),
      ends: Uint32Array.of(bytes.length),
      headers,
    });
  };
  return { fromBytes };
}

function queryOf({ url }: Request): Map<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of new URL(url).searchParams) if (!query.has(name)) query.set(name, value);
  return query;
}

/** Any other codec decodes the whole body at once. */
function codecFormat(codec: Codec, charset: string): Format {
  const fromBytes = async (bytes: Uint8Array, request: Request) => {
    const contentType = request.headers.get("content-type") ?? "";
    const about = { ...Object.fromEntries(queryOf(request)), "content-type": contentType, charset };
    const decoder = codec.decoder!(about);
    const batches: EventBatch[] = [];
    for (let rest = bytes; rest.length > 0;) {
      const { batch, consumedBytes } = await decoder.decode(rest, true);
      if (consumedBytes === 0) throw new Refusal(400, `The last ${rest.length} bytes are no event`);
      if (batch.size > 0) batches.push(batch.lease ? batch.detach() : batch);
      rest = rest.subarray(consumedBytes);
    }
    return batches.length === 0 ? EventBatch.EMPTY : EventBatch.concat(batches);
  };
  return { fromBytes };
}

function parseJsonLines(text: string): readonly TextEvent[] {
  const events: TextEvent[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() !== "") events.push(parseJsonEvent(line, `Line ${index + 1}`));
  }
  return events;
}

function textDecoder(charset: string): DecodeText {
  const decode = jsonTextDecoder(charset);
  if (!decode) throw new Refusal(415, `Charset "${charset}" is not known: send UTF-8, UTF-16 or UTF-32`);
  return decode;
}
