// The client protocol of Apache ZooKeeper 3.4 and later: src/zookeeper.jute of its sources names the fields, and jute
// writes them one behind the other: int and long big-endian, boolean as one byte, buffer and ustring with an int length.

/** Request numbers (`ZooDefs.OpCode`) that a reader needs. */
export const OP = { exists: 3, getData: 4, ping: 11, closeSession: -11 } as const;
/** Answers that belong to no request carry these instead of a number of ours. */
export const XID = { watch: -1, ping: -2 } as const;
/** `KeeperException.Code.NONODE`. */
export const NO_NODE = -101;

/** What a server grants a new session. */
export interface Grant {
  /** 0: the server refuses the session. */
  readonly timeoutMs: number;
}

/** An answer, or a notice of a watch. */
export interface Reply {
  readonly xid: number;
  /** 0, or a `KeeperException.Code`. */
  readonly fault: number;
  /** Behind the header. */
  readonly body: Uint8Array;
}

const UTF8 = new TextEncoder();

/**
 * Asks for a new session.
 *
 * ```text
 * int length = 45 | int protocolVersion = 0 | long lastZxidSeen = 0 | int timeOut (ms) |
 * long sessionId = 0 | int 16 | 16 bytes passwd = 0 | boolean readOnly = 1
 * ```
 */
export function encodeConnect(timeoutMs: number): Uint8Array {
  const bytes = new Uint8Array(49);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 45);
  view.setInt32(16, timeoutMs);
  view.setInt32(28, 16);
  bytes[48] = 1;
  return bytes;
}

/**
 * Reads `int protocolVersion | int timeOut | long sessionId | buffer passwd | boolean readOnly`, of which servers before
 * 3.4 leave out the last.
 * @throws {RangeError} when it is shorter than that.
 */
export function decodeGrant(frame: Uint8Array): Grant {
  const view = viewOf(frame, 20);
  return { timeoutMs: view.getInt32(4) };
}

/** Writes a request that has no body: `int 8 | int xid | int type`. */
export function encodeBare(xid: number, type: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 8);
  view.setInt32(4, xid);
  view.setInt32(8, type);
  return bytes;
}

/**
 * Asks about a node and for a notice of its next change (`GetDataRequest`, `ExistsRequest`).
 *
 * ```text
 * int length | int xid | int type | int pathLength | path (UTF-8) | boolean watch = 1
 * ```
 */
export function encodeWatching(xid: number, type: number, path: string): Uint8Array {
  const name = UTF8.encode(path);
  const bytes = new Uint8Array(17 + name.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 13 + name.length);
  view.setInt32(4, xid);
  view.setInt32(8, type);
  view.setInt32(12, name.length);
  bytes.set(name, 16);
  bytes[16 + name.length] = 1;
  return bytes;
}

/**
 * Reads `int xid | long zxid | int err` and what follows.
 * @throws {RangeError} when it is shorter than that.
 */
export function decodeReply(frame: Uint8Array): Reply {
  const view = viewOf(frame, 16);
  return { xid: view.getInt32(0), fault: view.getInt32(12), body: frame.subarray(16) };
}

/**
 * Reads the content of a node: `int length | bytes | stat`; a node may hold nothing at all (-1).
 * @throws {RangeError} when the length lies.
 */
export function decodeNodeContent(body: Uint8Array): Uint8Array {
  const length = viewOf(body, 4).getInt32(0);
  if (length > body.length - 4) {
    throw new RangeError(`ZooKeeper announced ${length} bytes of a node, and sent ${body.length - 4}`);
  }
  return body.subarray(4, 4 + Math.max(length, 0));
}

function viewOf(bytes: Uint8Array, least: number): DataView {
  if (bytes.length >= least) return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  throw new RangeError(`ZooKeeper sent ${bytes.length} bytes where at least ${least} were expected`);
}
