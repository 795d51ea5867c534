import { type Framing, NewlineFraming } from "./frames.ts";
import { OctetFraming } from "./octet_framing.ts";

/** How a source tells where frames end. */
export type FramingChoice = "auto" | "newline" | "octets";

const [TLS_HANDSHAKE, TLS_MAJOR] = [0x16, 0x03];
/** What RFC 6587 section 3.4.1 starts with; in Flume such a line would be invalid. */
const COUNTED = /^[1-9]\d{0,7} </;
const COUNTED_SO_FAR = /^([1-9]\d{0,7} ?)?$/;
const COUNTED_BYTES = 10;
const REQUEST_LINE = /^(?:[A-Z]{3,10} \S+|PRI \*) HTTP\/\d/;
/** A path can be longer than a line may be. */
const CUT_REQUEST_LINE = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE) (?:\/|https?:)\S*$/;

/** What the first bytes of a connection tell. */
export interface Opening {
  /** Absent: more bytes are needed. */
  readonly framing?: Framing;
  /** Set when the peer speaks something else. */
  readonly fault?: string;
}

/** Reads the first bytes of a connection. */
export function readOpening(bytes: Uint8Array, choice: FramingChoice, maxBytes: number): Opening {
  if (bytes.length < 2) return {};
  if (bytes[0] === TLS_HANDSHAKE && bytes[1] === TLS_MAJOR) {
    return { fault: "A TLS client on a port without TLS: set ssl, or let the client speak plain TCP" };
  }
  if (choice === "newline") return { framing: new NewlineFraming(maxBytes) };
  if (choice === "octets") return { framing: new OctetFraming(maxBytes) };
  const start = String.fromCharCode(...bytes.subarray(0, COUNTED_BYTES));
  if (COUNTED.test(start)) return { framing: new OctetFraming(maxBytes) };
  return COUNTED_SO_FAR.test(start) ? {} : { framing: new NewlineFraming(maxBytes) };
}

/** Whether the first line of a connection, which may be cut, is that of an HTTP request. */
export function isHttpRequest(line: string): boolean {
  return REQUEST_LINE.test(line) || CUT_REQUEST_LINE.test(line);
}
