// Apache Thrift, doc/specs: "Thrift Compact protocol encoding" and "Thrift Binary protocol encoding". Types have the
// numbers of the binary protocol here; the compact protocol has others on the wire.

/** What a value is ("Struct encoding" of the binary protocol). */
export const TYPES = {
  /** Takes no bytes: a boolean field of the compact protocol, whose value stands in its header. On no wire. */
  none: -1,
  stop: 0,
  bool: 2,
  i8: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  binary: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
  uuid: 16,
} as const;

/** What travels in a frame ("Message" of both protocols). */
export const CALL_KINDS = { call: 1, reply: 2, exception: 3, oneway: 4 } as const;

/** How a frame starts: who is called, and the number that the answer carries as well. */
export interface CallHead {
  readonly kind: number;
  readonly name: string;
  readonly sequence: number;
}

/** The two encodings that Flume speaks. */
export type ThriftProtocol = "compact" | "binary";
