// Kafka's frames (protocol guide, "Protocol Primitive Types" and "Request and Response Headers"):
//   request   INT32 length | INT16 api key | INT16 version | INT32 correlation | INT16 n, client id | [tags] | body
//   response  INT32 length | INT32 correlation | [tags] | body
import { KafkaError } from "./kafka_error.ts";

const LENGTH_BYTES = 4;
const TEXT = new TextEncoder();

/** What stands at the front of a request. */
export interface RequestHead {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string;
  /** The header of flexible versions (KIP-482) ends with tags. */
  readonly isFlexible: boolean;
}

/** The length and the header of a request whose body has so many bytes. */
export function encodeHead(head: RequestHead, bodyBytes: number): Uint8Array {
  const client = TEXT.encode(head.clientId);
  const bytes = new Uint8Array(LENGTH_BYTES + 10 + client.length + (head.isFlexible ? 1 : 0));
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length - LENGTH_BYTES + bodyBytes);
  view.setInt16(4, head.apiKey);
  view.setInt16(6, head.apiVersion);
  view.setInt32(8, head.correlationId);
  view.setInt16(12, client.length);
  bytes.set(client, 14);
  return bytes;
}

/** Puts what arrives together to frames, each in memory of its own. */
export class FrameReader {
  readonly #maxBytes: number;
  readonly #length = new Uint8Array(LENGTH_BYTES);
  #lengthBytes = 0;
  #frame: Uint8Array | undefined;
  #filled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Gives the frames that are whole with these bytes.
   * @throws {KafkaError} when a frame is announced that is too long to be believed.
   */
  *read(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length;) {
      if (!this.#frame) {
        at = this.#readLength(bytes, at);
        if (!this.#frame) return;
        continue;
      }
      const piece = bytes.subarray(at, at + this.#frame.length - this.#filled);
      this.#frame.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled < this.#frame.length) return;
      const frame = this.#frame;
      this.#frame = undefined;
      yield frame;
    }
  }

  #readLength(bytes: Uint8Array, from: number): number {
    let at = from;
    while (this.#lengthBytes < LENGTH_BYTES && at < bytes.length) {
      this.#length[this.#lengthBytes++] = bytes[at++]!;
    }
    if (this.#lengthBytes === LENGTH_BYTES) this.#begin();
    return at;
  }

  #begin(): void {
    const length = new DataView(this.#length.buffer).getInt32(0);
    if (length < LENGTH_BYTES || length > this.#maxBytes) {
      const text = `announces an answer of ${length} bytes, and ${this.#maxBytes} are allowed` +
        guess(this.#length);
      throw new KafkaError(text, { code: "FRAME" });
    }
    this.#frame = new Uint8Array(length);
    this.#filled = 0;
    this.#lengthBytes = 0;
  }
}

/** Whom one has reached instead of a broker. */
function guess(start: Uint8Array): string {
  if (start[0] === 0x15 && start[1] === 3) {
    return " (this looks like TLS: set security.protocol to SSL or SASL_SSL)";
  }
  if (String.fromCharCode(...start) === "HTTP") return " (this looks like an HTTP server)";
  return "";
}
