// The answer to an HTTP/1.1 request, read from a connection of its own (RFC 9112, sections 4 to 7).

/** The connection below; `Deno.Conn` is one. */
export interface Wire {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** Why there is no answer: the connection, the time, or this side's will ended. */
export type HttpEnd = "broken" | "late" | "aborted";

/** Says that a server did not answer, not in time, or nothing that is HTTP. */
export class HttpFault extends Error {
  override readonly name = "HttpFault";
  readonly end: HttpEnd;

  constructor(text: string, { end = "broken", cause }: { end?: HttpEnd; cause?: unknown } = {}) {
    super(text, { ...cause !== undefined && { cause } });
    this.end = end;
  }
}

const READ_BYTES = 64 * 1024;
const MAX_LINE_BYTES = 16 * 1024;
const MAX_HEADERS = 100;
const LATIN1 = new TextDecoder("latin1");

/** An answer whose head has been read. */
export class HttpAnswer {
  readonly status: number;
  readonly #headers: ReadonlyMap<string, string>;
  readonly #reader: WireReader;

  private constructor(status: number, headers: ReadonlyMap<string, string>, reader: WireReader) {
    this.status = status;
    this.#headers = headers;
    this.#reader = reader;
  }

  /** Reads to the end of the head, past what only says that the server is at it. @throws {HttpFault} */
  static async read(wire: Omit<Wire, "write">, timeoutMs: number): Promise<HttpAnswer> {
    const reader = new WireReader(wire, timeoutMs);
    while (true) {
      // Who sends a long body waits as long as that takes: it has a limit on each write.
      const line = await reader.line({ isLimited: false });
      const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1] ?? NaN);
      if (Number.isNaN(status)) throw new HttpFault(`"${quoted(line)}" is no HTTP`);
      const headers = await readHeaders(reader);
      if (status >= 200) return new HttpAnswer(status, headers, reader);
    }
  }

  /** By its lower-case name. */
  header(name: string): string | undefined {
    return this.#headers.get(name);
  }

  /** Lets go of a body that nobody wants. */
  close(): void {
    this.#reader.close();
  }

  /** The body as text. @throws {HttpFault} when it has more than `maxBytes`, or does not come within one wait. */
  async text(maxBytes: number): Promise<string> {
    this.#reader.limitAll();
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    for await (const part of this.body()) {
      bytes += part.length;
      if (bytes > maxBytes) throw new HttpFault(`The answer has more than ${maxBytes} bytes`);
      parts.push(part);
    }
    return await new Blob(parts).text();
  }

  /** The body as it comes, once; fails when less comes than was announced. */
  async *body(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const announced = this.#headers.get("content-length");
    const isChunked = /\bchunked$/i.test(this.#headers.get("transfer-encoding") ?? "");
    try {
      if (isChunked) yield* this.#chunks();
      else if (announced === undefined) yield* this.#reader.rest();
      else yield* this.#reader.exactly(parseLength(announced));
    } finally {
      this.#reader.close();
    }
  }

  async *#chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    while (true) {
      const line = await this.#reader.line();
      if (!/^[0-9a-f]{1,8}\s*(;|$)/i.test(line)) {
        throw new HttpFault(`"${quoted(line)}" is no length of a chunk`);
      }
      const bytes = parseInt(line, 16);
      if (bytes === 0) return;
      yield* this.#reader.exactly(bytes);
      await this.#reader.line();
    }
  }
}

/** Too little to hold a secret, when what was sent comes back. */
function quoted(line: string): string {
  return line.slice(0, 16);
}

function parseLength(announced: string): number {
  if (/^\d{1,15}$/.test(announced)) return Number(announced);
  throw new HttpFault(`"${quoted(announced)}" is no length of an answer`);
}

async function readHeaders(reader: WireReader): Promise<Map<string, string>> {
  const headers = new Map<string, string>();
  for (let count = 0; count <= MAX_HEADERS; count++) {
    const line = await reader.line();
    if (line === "") return headers;
    const colon = line.indexOf(":");
    headers.set(line.slice(0, Math.max(colon, 0)).toLowerCase(), line.slice(colon + 1).trim());
  }
  throw new HttpFault(`The answer has more than ${MAX_HEADERS} headers`);
}

class WireReader {
  readonly #wire: Omit<Wire, "write">;
  readonly #timeoutMs: number;
  #unread = new Uint8Array(0);
  #endMs = Infinity;

  constructor(wire: Omit<Wire, "write">, timeoutMs: number) {
    this.#wire = wire;
    this.#timeoutMs = timeoutMs;
  }

  close(): void {
    this.#wire.close();
  }

  /** From now on, all reads together may take what each one may otherwise. */
  limitAll(): void {
    this.#endMs = performance.now() + this.#timeoutMs;
  }

  async line({ isLimited = true } = {}): Promise<string> {
    let line = new Uint8Array(0);
    while (true) {
      const end = this.#unread.indexOf(10);
      line = join(line, end < 0 ? this.#unread : this.#unread.subarray(0, end));
      if (line.length > MAX_LINE_BYTES) {
        throw new HttpFault(`A line of the answer has over ${MAX_LINE_BYTES} bytes`);
      }
      this.#unread = end < 0 ? this.#unread.subarray(this.#unread.length) : this.#unread.subarray(end + 1);
      if (end >= 0) return LATIN1.decode(line).replace(/\r$/, "");
      if (!await this.#fill(isLimited)) {
        throw new HttpFault("The connection was closed before all of the answer came");
      }
    }
  }

  async *exactly(bytes: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let left = bytes; left > 0;) {
      if (this.#unread.length === 0 && !await this.#fill(true)) {
        throw new HttpFault(`The answer ended ${left} bytes too early`);
      }
      const part = this.#unread.subarray(0, left);
      this.#unread = this.#unread.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  async *rest(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    do {
      const part = this.#unread;
      this.#unread = part.subarray(part.length);
      if (part.length > 0) yield part;
    } while (await this.#fill(true));
  }

  /** False at the end. */
  async #fill(isLimited: boolean): Promise<boolean> {
    const into = new Uint8Array(READ_BYTES);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const limit = isLimited && setTimeout(() => {
      reject(
        new HttpFault(`Waited ${this.#timeoutMs} ms in vain for more of the answer`, { end: "late" }),
      );
      this.close();
    }, Math.min(this.#timeoutMs, this.#endMs - performance.now()));
    try {
      const count = await Promise.race([this.#wire.read(into), late]);
      this.#unread = into.subarray(0, count ?? 0);
      return count !== null;
    } catch (cause) {
      throw cause instanceof HttpFault ? cause : new HttpFault("The connection broke", { cause });
    } finally {
      if (limit) clearTimeout(limit);
    }
  }
}

function join(first: Uint8Array<ArrayBuffer>, second: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (first.length === 0) return second;
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
