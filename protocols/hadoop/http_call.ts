// One HTTP/1.1 request on a connection of its own, with a body that is sent as it comes and a limit on every wait. A server
// that refuses answers in the middle of the body and closes: fetch and node:http then often know only of a broken pipe,
// hence this one, which goes on to read when it can no longer write.
import { HttpAnswer, type HttpEnd, HttpFault, type Wire } from "./http_answer.ts";
import { joinBytes } from "./join_bytes.ts";

/** Where to connect to. */
export interface HttpHost {
  readonly hostname: string;
  readonly port: number;
  readonly isSecure: boolean;
}

/** What is asked of whom, and how long every single wait may take. */
export interface HttpCallOptions {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** A body follows, by `write`. */
  readonly hasBody: boolean;
  readonly timeoutMs: number;
  connect(host: HttpHost): Promise<Wire>;
  /** Told once, when the connection is closed or was never made. */
  onEnd?(): void;
}

/** One write at most, so that a limit on each holds for a slow server, too, as long as it takes bytes. */
const CHUNK_BYTES = 1024 * 1024;
/** A smaller chunk is copied to leave in one write with its length. */
const COPIED_BYTES = 16 * 1024;

/** A request under way. One wait at a time: a write, or the end. */
export class HttpCall {
  /** What the server has answered, which may be before the body has been sent. */
  answer: HttpAnswer | undefined;
  /** Something of the request may have reached the server. */
  wasSent = false;
  readonly #options: HttpCallOptions;
  #wire: Wire | undefined;
  #fault: HttpFault | undefined;
  #wake: (() => void) | undefined;
  #hasEnded = false;
  #hasChunks = false;

  constructor(options: HttpCallOptions) {
    this.#options = options;
  }

  /** Makes the connection, and sends the head. @throws {HttpFault} */
  async begin(): Promise<void> {
    const { url, connect } = this.#options;
    const isSecure = url.protocol === "https:";
    const hostname = url.hostname.replace(/^\[|\]$/g, "");
    connect({ hostname, port: Number(url.port) || (isSecure ? 443 : 80), isSecure }).then(
      (wire) => this.#connected(wire),
      (cause) => this.#fail(cause instanceof Error ? cause.message : "No connection", { cause }),
    );
    await this.#until(() => this.#wire !== undefined, "for a connection");
    await this.#send([encodeHead(this.#options)]);
  }

  /**
   * Resolves when the bytes have left, or the server has refused them: see `answer`.
   * @throws {HttpFault} also when success is told before the end.
   */
  async write(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length && !this.answer; offset += CHUNK_BYTES) {
      const chunk = bytes.subarray(offset, offset + CHUNK_BYTES);
      await this.#send(encodeChunk(chunk, { isFirst: !this.#hasChunks }));
      this.#hasChunks = true;
    }
    this.#refuseEarlySuccess();
  }

  /** Ends the body, and waits for the answer. @throws {HttpFault} */
  async end(): Promise<HttpAnswer> {
    if (this.#options.hasBody) {
      this.#refuseEarlySuccess();
      await this.#send([encodeLastChunk({ isFirst: !this.#hasChunks })]);
    }
    await this.#until(() => this.answer !== undefined, "for an answer");
    return this.answer!;
  }

  /** Closes the connection, also under an answer that is still being read. */
  abort(): void {
    this.#fail("The request was given up", { end: "aborted" });
  }

  async #send(parts: readonly Uint8Array[]): Promise<void> {
    let hasLeft = false;
    writeAll(this.#wire!, parts).then(() => {
      hasLeft = true;
      this.#wake?.();
    }, () => {
      // The reading side soon knows why: it gets an answer, or an end.
    });
    await this.#until(() => hasLeft || this.answer !== undefined, "to send");
  }

  #refuseEarlySuccess(): void {
    if (!this.answer || this.answer.status >= 300) return;
    this.#fail("It answered before it had all of the body");
    throw this.#fault;
  }

  #connected(wire: Wire): void {
    if (this.#fault) return closeQuietly(wire);
    this.#wire = wire;
    this.wasSent = true;
    HttpAnswer.read({ read: (into) => wire.read(into), close: () => this.#end() }, this.#options.timeoutMs)
      .then((answer) => {
        this.answer = answer;
        this.#wake?.();
      }, (cause) => {
        const { cause: below, end } = cause as HttpFault;
        this.#fail(below instanceof Error ? below.message : cause.message, { cause, end });
      });
    this.#wake?.();
  }

  async #until(isReached: () => boolean, what: string): Promise<void> {
    const { timeoutMs } = this.#options;
    const limit = setTimeout(() => {
      this.#fail(`Waited ${timeoutMs} ms in vain ${what}`, { end: "late" });
    }, timeoutMs);
    try {
      while (true) {
        if (this.#fault) throw this.#fault;
        if (isReached()) return;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      clearTimeout(limit);
    }
  }

  #fail(text: string, facts: { end?: HttpEnd; cause?: unknown } = {}): void {
    this.#fault ??= new HttpFault(text, facts);
    this.#end();
    this.#wake?.();
  }

  #end(): void {
    if (this.#wire) closeQuietly(this.#wire);
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.onEnd?.();
  }
}

function encodeHead({ method, url, headers, hasBody }: HttpCallOptions): Uint8Array {
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Connection: close",
    hasBody ? "Transfer-Encoding: chunked" : "Content-Length: 0",
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
}

/*
 * A chunk (RFC 9112, section 7.1), and the last one. The end of one is sent with the start of the next.
 *
 * │bytes in hex│ CR LF │ bytes … │ CR LF │        │ "0" │ CR LF │ CR LF │
 */
function encodeChunk(bytes: Uint8Array, { isFirst }: { isFirst: boolean }): readonly Uint8Array[] {
  const head = new TextEncoder().encode(`${isFirst ? "" : "\r\n"}${bytes.length.toString(16)}\r\n`);
  return bytes.length > COPIED_BYTES ? [head, bytes] : [joinBytes([head, bytes])];
}

function encodeLastChunk({ isFirst }: { isFirst: boolean }): Uint8Array {
  return new TextEncoder().encode(`${isFirst ? "" : "\r\n"}0\r\n\r\n`);
}

async function writeAll(wire: Wire, parts: readonly Uint8Array[]): Promise<void> {
  for (const part of parts) {
    for (let offset = 0; offset < part.length;) offset += await wire.write(part.subarray(offset));
  }
}

function closeQuietly(wire: Wire): void {
  try {
    wire.close();
  } catch {
    // It was closed.
  }
}
