import { AvroSchema } from "../../../protocols/avro_schema.ts";

/** Where the schema of an event stands: its text, or a URL that gives the text. */
export interface SchemaPlace {
  readonly literal?: string | undefined;
  readonly url?: string | undefined;
}

const MAX_SCHEMA_BYTES = 1024 * 1024;
const FETCH_LIMIT_MS = 10_000;
/** Schemas that are remembered; headers could name a new one each time. */
const MAX_REMEMBERED = 100;

/** Finds schemas and remembers them. */
export class Schemas {
  readonly #known = new Map<string, Promise<AvroSchema>>();

  /**
   * The schema; the text wins over the URL.
   * @throws {SyntaxError} when the text is no schema, another error when the URL cannot be read.
   */
  find({ literal, url }: SchemaPlace): Promise<AvroSchema> | undefined {
    if (literal === undefined && url === undefined) return undefined;
    const key = literal === undefined ? `url ${url}` : `literal ${literal}`;
    const known = this.#known.get(key);
    if (known) return known;
    const made = literal === undefined ? fetchSchema(url!) : Promise.try(() => new AvroSchema(literal));
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    this.#known.set(key, made);
    // A server that is away now may be there at the next try.
    if (literal === undefined) made.catch(() => this.#known.delete(key));
    else made.catch(() => {});
    return made;
  }
}

async function fetchSchema(url: string): Promise<AvroSchema> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_LIMIT_MS) });
  if (!response.ok) throw new Error(`Cannot read the Avro schema at "${url}": status ${response.status}`);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > MAX_SCHEMA_BYTES) {
      throw new SyntaxError(`The Avro schema at "${url}" exceeds ${MAX_SCHEMA_BYTES} bytes`);
    }
    parts.push(part);
  }
  return new AvroSchema(await new Blob(parts as Uint8Array<ArrayBuffer>[]).text());
}
