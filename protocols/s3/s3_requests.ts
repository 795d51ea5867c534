// Signed requests to an S3 server ("Authenticating Requests (AWS Signature Version 4)" of the Amazon S3 API Reference), with
// a limit on every wait and length, tried again when the cause passes. The SHA-256 of each body is part of the signature,
// so a server takes no bytes that were changed on the way.
import { createHash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import { type S3Call, S3Error, toS3Error } from "./s3_error.ts";
import { readXmlLeaves, type XmlLeaves } from "./xml_leaves.ts";

/** Who asks. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined;
}

/** Which bucket of which server. */
export interface S3Options {
  /** `https://host[:port]`, perhaps with a path. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** The bucket stands in the path; otherwise in the host's name. */
  readonly isPathStyle: boolean;
  readonly credentials: S3Credentials;
  /** For one request; its body may take longer, and so may putting parts together. */
  readonly timeoutMs: number;
  /** Of one request. */
  readonly maxTries?: number;
  /** Before the second try; it doubles from time to time. */
  readonly backoffMs?: number;
  /** Sends a request, for those that bring certificates of their own. */
  fetch?(url: string, init: RequestInit): Promise<Response>;
}

/** One request. */
export interface S3Request {
  readonly op: string;
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Of an object; the bucket itself is asked without one. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** How many times the usual limit it may take. */
  readonly patience?: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that is no refusal. */
export interface S3Answer {
  readonly headers: Headers;
  /** Undefined where there is none. */
  readonly xml?: XmlLeaves | undefined;
  /** A try before may have been carried out, too. */
  readonly hasRepeated: boolean;
}

const MAX_TRIES = 8;
const BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
/** A list of 1,000 uploads with the longest keys fits. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** A body that gets through more slowly than this is given up. */
const MIN_BYTES_PER_MS = 128;

/** Asks one server. */
export class S3Requests {
  readonly #options: S3Options;
  readonly #base: string;
  readonly #host: string;
  readonly #keys = new Map<string, ArrayBuffer>();
  readonly #closing = new AbortController();

  constructor(options: S3Options) {
    this.#options = options;
    this.#base = toBase(options);
    this.#host = new URL(options.endpoint).host;
  }

  /** The answer, after as many tries as that takes. @throws {S3Error} */
  async ask(request: S3Request): Promise<S3Answer> {
    const { maxTries = MAX_TRIES, backoffMs = BACKOFF_MS } = this.#options;
    let hasRepeated = false;
    for (let tries = 1;; tries++) {
      try {
        return { ...await this.#askOnce(request), hasRepeated };
      } catch (cause) {
        if (!(cause instanceof S3Error) || !cause.canRetry || tries >= maxTries) throw cause;
        hasRepeated ||= cause.isOutcomeUnknown;
      }
      const waitMs = Math.min(backoffMs * 2 ** (tries - 1), MAX_BACKOFF_MS) * (0.5 + Math.random() / 2);
      await this.#within({ limitMs: waitMs, signal: request.signal }, sleep);
    }
  }

  /** Ends all that is under way. */
  close(): void {
    this.#closing.abort(new Error("The client is closed"));
  }

  /** Names an object for errors. */
  nameOf(key: string): string {
    return `s3://${this.#options.bucket}/${key}`;
  }

  async #askOnce(request: S3Request): Promise<Omit<S3Answer, "hasRepeated">> {
    const { timeoutMs } = this.#options;
    const call = { op: request.op, at: this.nameOf(request.key ?? ""), endpoint: this.#host };
    const bodyMs = (request.body?.length ?? 0) / MIN_BYTES_PER_MS;
    const limitMs = Math.ceil(timeoutMs * (request.patience ?? 1) + bodyMs);
    return await this.#within({ limitMs, signal: request.signal }, async (signal, isLate) => {
      try {
        const response = await this.#send(request, signal);
        return readAnswer(call, { response, text: await readText(response) });
      } catch (cause) {
        if (cause instanceof S3Error) throw cause;
        if (isLate()) {
          throw toS3Error(call, { code: "TimedOut", what: `no answer within ${limitMs} ms` });
        }
        signal.throwIfAborted();
        throw toS3Error(call, faultOf(cause));
      }
    });
  }

  async #send(request: S3Request, signal: AbortSignal): Promise<Response> {
    const { credentials, region, fetch: send = fetch } = this.#options;
    const { method, key = "", query, headers, body } = request;
    const url = new URL(`${this.#base}/${encodeKey(key)}`);
    // Not by searchParams, which writes a space as "+".
    url.search = Object.entries(query ?? {}).map(([name, value]) => `${name}=${encode(value)}`).join("&");
    const signed = await new AwsV4Signer({
      ...credentials.sessionToken !== undefined && { sessionToken: credentials.sessionToken },
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      url: url.href,
      method,
      headers: {
        ...headers,
        "x-amz-content-sha256": createHash("sha256").update(body ?? "").digest("hex"),
      },
      service: "s3",
      region,
      cache: this.#keys,
    }).sign();
    const content = { ...body && { body: body as Uint8Array<ArrayBuffer> } };
    return await send(signed.url.href, {
      method,
      headers: signed.headers,
      ...content,
      redirect: "manual",
      signal,
    });
  }

  /** Does something that ends when the limit, the caller or `close` says so. */
  async #within<T>(
    { limitMs, signal }: { limitMs: number; signal: AbortSignal | undefined },
    work: (signal: AbortSignal, isLate: () => boolean) => Promise<T>,
  ): Promise<T> {
    const ending = new AbortController();
    const outer = [this.#closing.signal, ...signal ? [signal] : []];
    for (const one of outer) one.throwIfAborted();
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      ending.abort();
    }, limitMs);
    const end = (event: Event) => ending.abort((event.target as AbortSignal).reason);
    for (const one of outer) one.addEventListener("abort", end, { once: true });
    try {
      return await work(ending.signal, () => isLate);
    } finally {
      clearTimeout(limit);
      for (const one of outer) one.removeEventListener("abort", end);
    }
  }
}

class OddAnswer extends Error {}

/** What is below all that `fetch` says about it. */
function faultOf(cause: unknown): { code: string; what: string } {
  let below = cause;
  while (below instanceof Error && below.cause instanceof Error) below = below.cause;
  const what = below instanceof Error ? below.message : String(below);
  if (cause instanceof OddAnswer) return { code: "OddAnswer", what };
  return { code: /\bcertificate\b/i.test(what) ? "BadCertificate" : "ConnectionLost", what };
}

/** Until the limit, or an end. */
function sleep(signal: AbortSignal, isLate: () => boolean): Promise<void> {
  return new Promise((resolve, reject) =>
    signal.addEventListener("abort", () => isLate() ? resolve() : reject(signal.reason), { once: true })
  );
}

/** A refusal may also come with status 200, when it was found only after the answer had begun. */
function readAnswer(
  call: S3Call,
  { response: { status, headers }, text }: { response: Response; text: string },
): Omit<S3Answer, "hasRepeated"> {
  const xml = parse(text);
  if (xml?.root === "Error" || status >= 300) {
    const field = (name: string) => xml?.leaves.find(({ path }) => path === name)?.text;
    const region = field("Region") ?? (status === 301 ? headers.get("x-amz-bucket-region") : null) ??
      undefined;
    throw toS3Error(call, {
      code: /^\w{1,80}$/.exec(field("Code") ?? "")?.[0] ?? `Http${status}`,
      what: field("Message") ?? (xml ? "" : text),
      status: status < 300 ? 500 : status,
      ...region !== undefined && { region },
    });
  }
  if (text.trim() !== "" && xml === undefined) throw new OddAnswer(`it is no XML: "${text.slice(0, 80)}"`);
  return { headers, xml };
}

function parse(text: string): XmlLeaves | undefined {
  try {
    return readXmlLeaves(text);
  } catch {
    return undefined;
  }
}

async function readText(response: Response): Promise<string> {
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new OddAnswer(`it has more than ${MAX_ANSWER_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function toBase({ endpoint, bucket, isPathStyle }: S3Options): string {
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw new RangeError(`"${endpoint}" is no endpoint of S3, such as https://s3.eu-central-1.amazonaws.com`);
  }
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}$/.test(bucket)) {
    throw new RangeError(`"${bucket}" is no name of a bucket`);
  }
  const url = new URL(endpoint);
  const path = url.pathname.replace(/\/+$/, "");
  return isPathStyle ? `${url.origin}${path}/${bucket}` : `${url.protocol}//${bucket}.${url.host}${path}`;
}

/** An URL takes out "." and "..", and would lead elsewhere. */
function encodeKey(key: string): string {
  const names = key.split("/");
  if (names.some((name) => name === "." || name === "..")) {
    throw new RangeError(`"${key}" is no key to write to: write it without "." and ".."`);
  }
  return names.map(encode).join("/");
}

/** As servers write it when they check the signature. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
