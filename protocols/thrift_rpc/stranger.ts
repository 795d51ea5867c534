import type { ThriftProtocol } from "./types.ts";

const HTTP = /^(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH|CONNECT|TRACE|PRI) /;
const PLAIN_TEXT = /^[\t\r\n -~]+$/;
/** Bytes of a frame, with its length, from which its sender can be told. */
export const GLANCE_BYTES = 12;

/**
 * Says who seems to have sent bytes that are no frame of this protocol; nothing when they tell nothing. They start with
 * the length of the frame.
 */
export function describeStranger(first: Uint8Array, protocol: ThriftProtocol): string | undefined {
  const [a, b, c, d, e, f] = first;
  const text = String.fromCharCode(...first.subarray(0, GLANCE_BYTES));
  if (HTTP.test(text)) return "an HTTP request";
  if (a === 0x16 && b === 3 && c! <= 4) return "a TLS client, and ssl is off";
  // The serial of the first call, and a number of buffers.
  if (a === 0 && b === 0 && c === 0 && d === 1 && e === 0 && f === 0) return "an Avro client";
  if (a === 0x78 && (a * 256 + b!) % 31 === 0) return "an Avro client with compression-type = deflate";
  if (isHead("compact", first, 0) || isHead("binary", first, 0)) {
    return "a Thrift client without frames: it must use a framed transport";
  }
  const other = protocol === "compact" ? "binary" : "compact";
  if (isHead(other, first, 4)) return `a Thrift client with protocol = ${other}, which is ${protocol} here`;
  return PLAIN_TEXT.test(text) ? "plain text" : undefined;
}

function isHead(protocol: ThriftProtocol, bytes: Uint8Array, at: number): boolean {
  if (protocol === "compact") return bytes[at] === 0x82 && (bytes[at + 1]! & 0x1F) === 1;
  return bytes[at] === 0x80 && bytes[at + 1] === 1 && bytes[at + 2] === 0;
}
