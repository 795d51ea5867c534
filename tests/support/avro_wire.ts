import { AvroCursor } from "../../protocols/avro_rpc/cursor.ts";
import { type Frame, FrameReader } from "../../protocols/avro_rpc/frame.ts";
import type { EventBatch } from "sluice/plugin";

const MEMORY = { take: (bytes: number) => new Uint8Array(Math.max(bytes, 64)), give() {} };

/** What went one way of a connection between Flume's client or sink and its source. */
export function recorded(name: string, way: "c2s" | "s2c"): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`../data/flume/wire/${name}.${way}.bin`, import.meta.url));
}

/** The frames in some bytes. */
export function framesOf(bytes: Uint8Array): Frame[] {
  const reader = new FrameReader({ maxFrameBytes: 2 ** 30 }, MEMORY);
  reader.feed(bytes);
  const frames: Frame[] = [];
  for (let frame = reader.next(); frame; frame = reader.next()) {
    frames.push({ ...frame, content: frame.content.slice() });
  }
  return frames;
}

/** Where each whole frame ends in some bytes. */
export function frameEnds(bytes: Uint8Array): number[] {
  const ends: number[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 8 <= bytes.length;) {
    const buffers = view.getInt32(at + 4);
    at += 8;
    for (let index = 0; index < buffers; index++) {
      if (at + 4 > bytes.length) return ends;
      at += 4 + view.getInt32(at);
    }
    if (at <= bytes.length) ends.push(at);
  }
  return ends;
}

/** A cursor at the start of some bytes. */
export function cursorAt(bytes: Uint8Array | readonly number[]): AvroCursor {
  return new AvroCursor(Uint8Array.from(bytes));
}

/** Events as plain objects; bodies as latin1. */
export function plainEvents(batch: EventBatch): { headers: Record<string, string>; body: string }[] {
  return Array.from(batch, ({ headers, body }) => ({
    headers: { ...headers },
    body: new TextDecoder("latin1").decode(body),
  }));
}

/** The five events of the recorded sessions: one, three together, one. */
export const GOLDEN: readonly { readonly headers: Record<string, string>; readonly body: Uint8Array }[] = [
  { headers: { host: "web-1", timestamp: "1700000000000" }, body: utf8("hello flume") },
  { headers: { n: "1" }, body: utf8("batch one") },
  { headers: { n: "2", "kéy": "väl" }, body: utf8("batch two é中😀") },
  { headers: {}, body: Uint8Array.from({ length: 256 }, (_, byte) => byte) },
  { headers: { empty: "" }, body: utf8("") },
];

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
