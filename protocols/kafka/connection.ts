// One connection to one broker. Answers come in the order of the requests; one that does not come in time ends the
// connection, because nothing behind it can be told apart any more.
import { Buffer } from "node:buffer";
import { Reader } from "@platformatic/kafka";
import { connectTcp, type TcpClient, type TlsTarget } from "../tcp_client.ts";
import type { KafkaTarget, KafkaTls } from "./client.ts";
import { encodeHead, FrameReader } from "./frames.ts";
import { KafkaError } from "./kafka_error.ts";

/** A request whose body is encoded already. */
export interface RawRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  /** The body in pieces, sent one behind the other; they must not change before the answer is there. */
  readonly parts: readonly Uint8Array[];
  /** The version has tags in its header (KIP-482). */
  readonly isFlexible: boolean;
  /** The answer's header has none although the version is flexible (ApiVersions). */
  readonly answersPlain?: boolean;
  /** False for a Produce with acks 0. */
  readonly hasAnswer?: boolean;
}

/** A version range that a broker offers for an API. */
export interface ApiRange {
  readonly min: number;
  readonly max: number;
}

interface PendingAnswer {
  readonly correlationId: number;
  readonly answersTagged: boolean;
  readonly sentMs: number;
  resolve(body: Uint8Array): void;
  reject(cause: Error): void;
}

/** What the library's functions write a request with. */
interface LibraryWriter {
  readonly buffers: readonly Uint8Array[];
  readonly context: { readonly noResponse?: boolean };
}

/** How the library's functions call `send` of a connection. */
type LibrarySend = readonly [
  apiKey: number,
  apiVersion: number,
  createPayload: () => LibraryWriter,
  parse: LibraryParser,
  isFlexible: boolean,
  answersTagged: boolean,
  callback: (cause: Error | null, answer?: unknown) => void,
];

type LibraryParser = (correlationId: number, apiKey: number, apiVersion: number, reader: Reader) => unknown;

/** One connection to one broker. */
export class BrokerConnection {
  /** host:port, for errors and logs. */
  readonly name: string;
  /** What the broker can do, by API name; filled by `openConnection`. */
  versions: ReadonlyMap<string, ApiRange> = new Map();
  /** Epoch ms at which the broker wants to know again who we are; the connection takes no new requests before that. */
  expiresMs = Infinity;
  readonly #socket: TcpClient;
  readonly #target: KafkaTarget;
  readonly #frames: FrameReader;
  readonly #pending: PendingAnswer[] = [];
  readonly #watch: ReturnType<typeof setInterval>;
  #correlationId = 0;
  #fault: Error | undefined;

  constructor(socket: TcpClient, name: string, target: KafkaTarget) {
    this.name = name;
    this.#socket = socket;
    this.#target = target;
    this.#frames = new FrameReader(target.maxFrameBytes);
    this.#watch = setInterval(() => this.#checkTime(), Math.min(1000, target.requestTimeoutMs));
    void this.#receive();
  }

  /** Connects; neither the broker's versions nor its trust are asked for yet. */
  static async open(name: string, target: KafkaTarget, signal: AbortSignal): Promise<BrokerConnection> {
    const { hostname, port } = parseAddress(name);
    const { tls } = target;
    try {
      const socket = await connectTcp({
        hostname,
        port,
        timeoutMs: target.connectTimeoutMs,
        signal,
        ...tls && { tls: tlsTarget(tls) },
      });
      return new BrokerConnection(socket, name, target);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw new KafkaError(`Cannot connect to the broker ${name}`, { code: "CONNECTION", cause });
    }
  }

  get isOpen(): boolean {
    return this.#fault === undefined && Date.now() < this.expiresMs;
  }

  /**
   * Sends a request; resolves with the body of the answer, in memory of its own.
   * @throws {KafkaError} when the connection breaks or no answer comes in time.
   */
  request(call: RawRequest): Promise<Uint8Array> {
    if (this.#fault) return Promise.reject(this.#fault);
    const { apiKey, apiVersion, parts, isFlexible, hasAnswer = true } = call;
    const correlationId = this.#correlationId = (this.#correlationId + 1) & 0x7fffffff;
    const bodyBytes = parts.reduce((sum, { length }) => sum + length, 0);
    const { clientId } = this.#target;
    this.#socket.write(encodeHead({ apiKey, apiVersion, correlationId, clientId, isFlexible }, bodyBytes));
    for (const part of parts) this.#socket.write(part);
    if (!hasAnswer) return this.#socket.drained().then(() => new Uint8Array(0));
    return new Promise((resolve, reject) => {
      const answersTagged = isFlexible && !call.answersPlain;
      this.#pending.push({ correlationId, answersTagged, sentMs: Date.now(), resolve, reject });
    });
  }

  /** Sends a request of the library: its API functions take this object for one of its own connections. */
  send(...call: LibrarySend): void {
    const [apiKey, apiVersion, createPayload, parse, isFlexible, answersTagged, callback] = call;
    const answer = async () => {
      const { buffers, context } = createPayload();
      const hasAnswer = !context.noResponse;
      const about = {
        apiKey,
        apiVersion,
        parts: buffers,
        isFlexible,
        answersPlain: !answersTagged,
        hasAnswer,
      };
      const body = await this.request(about);
      return hasAnswer ? parse(0, apiKey, apiVersion, readerOf(body)) : undefined;
    };
    answer().then((parsed) => callback(null, parsed), (cause) => callback(cause as Error));
  }

  /** Gives up what is under way. */
  close(): void {
    this.#fail(
      new KafkaError(`The connection to ${this.name} was closed`, { code: "CLOSED", canRetry: true }),
    );
  }

  async #receive(): Promise<void> {
    try {
      for (;;) {
        const bytes = await this.#socket.read();
        if (!bytes) break;
        for (const frame of this.#frames.read(bytes)) this.#answer(frame);
      }
      this.#fail(
        new KafkaError(
          `The broker ${this.name} closed the connection` + (this.versions.size === 0 ? FIRST_CLOSE : ""),
          { code: "CONNECTION" },
        ),
      );
    } catch (cause) {
      const text = cause instanceof KafkaError ? `The broker ${this.name} ${cause.message}` : undefined;
      const code = cause instanceof KafkaError ? cause.code : "CONNECTION";
      this.#fail(new KafkaError(text ?? `The connection to ${this.name} broke`, { code, cause }));
    }
  }

  #answer(frame: Uint8Array): void {
    const view = new DataView(frame.buffer);
    const correlationId = view.getInt32(0);
    const pending = this.#pending.shift();
    if (pending?.correlationId !== correlationId) {
      const wanted = pending ? `${pending.correlationId}` : "none";
      const text = `answers to request ${correlationId}, and ${wanted} was awaited`;
      pending?.reject(new KafkaError(`The broker ${this.name} ${text}`, { code: "FRAME" }));
      throw new KafkaError(text, { code: "FRAME" });
    }
    pending.resolve(frame.subarray(pending.answersTagged ? skipTags(frame, 4) : 4));
  }

  #checkTime(): void {
    const { requestTimeoutMs } = this.#target;
    const [oldest] = this.#pending;
    if (this.#pending.length === 0 && Date.now() >= this.expiresMs) this.close();
    if (!oldest || Date.now() - oldest.sentMs < requestTimeoutMs) return;
    const text = `The broker ${this.name} has not answered within ${requestTimeoutMs} ms`;
    this.#fail(new KafkaError(text, { code: "TIMEOUT" }));
  }

  #fail(fault: Error): void {
    if (this.#fault) return;
    this.#fault = fault;
    clearInterval(this.#watch);
    this.#socket.close();
    for (const { reject } of this.#pending.splice(0)) reject(fault);
  }
}

const FIRST_CLOSE =
  " before it said anything: does it want TLS, SASL or a client certificate (security.protocol)?";

function tlsTarget({ authorities, cert, key, passphrase, checksName }: KafkaTls): TlsTarget {
  const identity = cert !== undefined && key !== undefined ? { cert, key, passphrase } : undefined;
  return { ...authorities && { authorities }, ...identity && { identity }, trustsAll: false, checksName };
}

/** Reads an answer with the library's reader. */
export function readerOf(body: Uint8Array): Reader {
  return Reader.from(Buffer.from(body.buffer, body.byteOffset, body.length));
}

/** host:port, also with an IPv6 address in brackets. */
export function parseAddress(address: string): { readonly hostname: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(address) ?? [];
  const hostname = bracketed ?? plain;
  if (hostname === undefined || Number(port) > 65535) {
    throw new KafkaError(`"${address}" is no broker address: write host:port`, {
      code: "CONNECTION",
      canRetry: false,
    });
  }
  return { hostname, port: Number(port) };
}

/** The place behind the tags (KIP-482) that begin at an offset. */
function skipTags(frame: Uint8Array, from: number): number {
  let [count, at] = unsignedVarint(frame, from);
  for (; count > 0; count--) {
    [, at] = unsignedVarint(frame, at);
    const [bytes, behind] = unsignedVarint(frame, at);
    at = behind + bytes;
  }
  return at;
}

function unsignedVarint(frame: Uint8Array, from: number): [number, number] {
  let value = 0;
  for (let at = from, shift = 0; shift < 35 && at < frame.length; shift += 7) {
    const byte = frame[at++]!;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
  throw new KafkaError("sends a header that is cut off", { code: "FRAME" });
}
