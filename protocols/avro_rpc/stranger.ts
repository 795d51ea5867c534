const HTTP = /^(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH|CONNECT|TRACE|PRI) /;
/** Some answer what is no request with a page alone. */
const HTTP_ANSWER = /^(?:HTTP\/\d|<!DOCTY|<html)/i;
/** Bytes from which a peer can be told. */
export const GLANCE_BYTES = 8;

/** Says what the first bytes of a connection look like when they are no Avro frame; nothing when they may be one. */
export function describeStranger(first: Uint8Array): string | undefined {
  const [a, b, c, d, e, f] = first;
  if (HTTP.test(String.fromCharCode(...first.subarray(0, GLANCE_BYTES)))) return "an HTTP request";
  // A record of the type handshake, version 3.x; whole frames would have a serial beyond 369 million.
  if (a === 0x16 && b === 3 && c! <= 4) return "a TLS client, and ssl is off";
  if (isZlibHead(a, b)) return "a client with compression-type = deflate, which is off here";
  if (e === 0x82 && f! >>> 5 === 1 || e === 0x80 && f === 1) return "a Thrift client";
  if (a === 0 && b === 0 && c === 0 && d === 0) return undefined;
  return isPlainText(first) ? "plain text" : undefined;
}

/** Says the same of a connection that should be compressed. */
export function describeUncompressed(first: Uint8Array): string | undefined {
  if (isZlibHead(first[0], first[1])) return undefined;
  if (first[0] === 0 && first[1] === 0) {
    return "a client without compression-type = deflate, which is on here";
  }
  return describeStranger(first);
}

/** Says what a server seems to be that was sent a call; nothing when its answer may be a frame. */
export function describeServer(first: Uint8Array): string | undefined {
  const [a, b, c] = first;
  if (HTTP_ANSWER.test(String.fromCharCode(...first.subarray(0, GLANCE_BYTES)))) return "an HTTP server";
  // A record of the type alert (RFC 8446, section 5.1), which is what a call gets there.
  if (a === 0x15 && b === 3 && c! <= 4) return "a TLS server, and ssl is off here";
  if (isZlibHead(a, b)) return "a source with compression-type = deflate, which is off here";
  return isPlainText(first) ? "a server of plain text" : undefined;
}

/** CMF and FLG of RFC 1950: deflate with whatever window, and a check sum over both bytes. */
function isZlibHead(cmf = 0, flags = 0): boolean {
  return (cmf & 0x0F) === 8 && cmf >>> 4 <= 7 && (cmf * 256 + flags) % 31 === 0;
}

function isPlainText(first: Uint8Array): boolean {
  return first.length > 0 &&
    first.every((byte) => byte >= 0x20 && byte < 0x7F || byte === 10 || byte === 13 || byte === 9);
}
