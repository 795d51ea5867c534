import type { ThriftProtocol } from "../../protocols/thrift_rpc/types.ts";

/** Bytes of a recorded session with Flume 1.11: from client to server (c2s), or back (s2c). */
export function wire(name: string, way: "c2s" | "s2c"): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`../data/flume/wire/${name}.${way}.bin`, import.meta.url));
}

/** The frames of a stream, each with its length. */
export function framesOf(stream: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const frames: Uint8Array<ArrayBuffer>[] = [];
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
  for (let offset = 0; offset < stream.length;) {
    const end = offset + 4 + view.getUint32(offset);
    frames.push(stream.subarray(offset, end));
    offset = end;
  }
  return frames;
}

/** Puts the length in front of bytes, which are written as hexadecimal digits and 'text'. */
export function frame(content: string): Uint8Array<ArrayBuffer> {
  const bytes = spell(content);
  const framed = new Uint8Array(4 + bytes.length);
  new DataView(framed.buffer).setUint32(0, bytes.length);
  framed.set(bytes, 4);
  return framed;
}

/** Bytes from hexadecimal digits, blanks between them as one likes, and 'text' in quotes. */
export function spell(content: string): Uint8Array<ArrayBuffer> {
  const digits = content.replaceAll(/'([^']*)'/g, (_, text) => new TextEncoder().encode(text).toHex());
  return Uint8Array.fromHex(digits.replaceAll(/\s/g, "")) as Uint8Array<ArrayBuffer>;
}

/** The head of a call up to its arguments. */
export function headOf(name: string, protocol: ThriftProtocol = "compact"): string {
  const bytes = name.length.toString(16);
  return protocol === "compact"
    ? `8221 01 ${bytes.padStart(2, "0")} '${name}'`
    : `80010001 ${bytes.padStart(8, "0")} '${name}' 00000001`;
}

/** The five events of the recorded sessions. */
export const GOLDEN_EVENTS: readonly { readonly headers: Record<string, string>; readonly body: number[] }[] =
  [
    { headers: { host: "web-1", timestamp: "1700000000000" }, body: utf8("hello flume") },
    { headers: { n: "1" }, body: utf8("batch one") },
    { headers: { n: "2", "kéy": "väl" }, body: utf8("batch two é中😀") },
    { headers: {}, body: Array.from({ length: 256 }, (_, byte) => byte) },
    { headers: { empty: "" }, body: [] },
  ];

function utf8(text: string): number[] {
  return Array.from(new TextEncoder().encode(text));
}
