import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { DeliveryError } from "sluice/plugin";

/** Where and how bodies are posted. */
export interface PosterSettings {
  readonly endpoint: string;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly isCompressed: boolean;
}

/** What the target said. */
export interface PostAnswer {
  readonly status: number;
  /** The start of the body, for errors. */
  readonly excerpt: string;
}

const EXCERPT_CHARS = 200;
/** Longer answers are not worth the wait: the connection is given up instead. */
const MAX_ANSWER_BYTES = 64 * 1024;
const compress = promisify(gzip) as unknown as (bytes: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>;

/** Posts bodies to one endpoint over connections that stay open. */
export class Poster {
  readonly #settings: PosterSettings;

  constructor(settings: PosterSettings) {
    this.#settings = settings;
  }

  /**
   * Posts one body and reads the answer. Redirects are answers: followed, they would become a GET without the events.
   * @throws {DeliveryError} when there is no answer in time.
   */
  async post(bytes: Uint8Array, contentType: string, signal: AbortSignal): Promise<PostAnswer> {
    const { endpoint, timeoutMs, headers, isCompressed } = this.#settings;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": contentType,
          ...isCompressed && { "content-encoding": "gzip" },
        },
        body: isCompressed ? await compress(bytes) : bytes as Uint8Array<ArrayBuffer>,
        redirect: "manual",
        signal: AbortSignal.any([signal, limit]),
      });
      return { status: response.status, excerpt: await readExcerpt(response) };
    } catch (cause) {
      signal.throwIfAborted();
      const what = limit.aborted
        ? `No answer from ${endpoint} within ${timeoutMs} ms`
        : `Cannot post to ${endpoint}`;
      throw new DeliveryError(what, limit.aborted ? {} : { cause });
    }
  }
}

/** Reads the answer to its end, so that the connection can serve again. */
async function readExcerpt(response: Response): Promise<string> {
  const chunks: string[] = [];
  let size = 0;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    if (size < EXCERPT_CHARS) chunks.push(decoder.decode(chunk, { stream: true }));
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) break;
  }
  return chunks.join("").slice(0, EXCERPT_CHARS).replaceAll(/\s+/g, " ").trim();
}
