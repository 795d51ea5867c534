// The protocol between Flume's agents: AvroSourceProtocol with the messages append and appendBatch.
import { createHash } from "node:crypto";
import type avsc from "avsc";

/**
 * The hash by which Flume's clients and sources know the protocol: the MD5 of their own text of it, comment and all. Both
 * sides show it and, as they know it, need no text.
 */
export const FLUME_HASH: Uint8Array = Uint8Array.fromHex("86aadae2c45474c0fe93ffd0f2350a65");

const EVENT = {
  type: "record",
  name: "AvroFlumeEvent",
  fields: [{ name: "headers", type: { type: "map", values: "string" } }, { name: "body", type: "bytes" }],
};

/** What is shown to peers that do not know the hash: the same types as Flume's text, without its comment. */
export const PROTOCOL_TEXT: string = JSON.stringify({
  protocol: "AvroSourceProtocol",
  namespace: "org.apache.flume.source.avro",
  types: [{ type: "enum", name: "Status", symbols: ["OK", "FAILED", "UNKNOWN"] }, EVENT],
  messages: {
    append: { request: [{ name: "event", type: "AvroFlumeEvent" }], response: "Status" },
    appendBatch: {
      request: [{ name: "events", type: { type: "array", items: "AvroFlumeEvent" } }],
      response: "Status",
    },
  },
});

/** What a peer's hash must be when it has shown this text. */
export function hashOf(protocolText: string): Uint8Array {
  return createHash("md5").update(protocolText).digest();
}

/**
 * Says why calls and answers of a peer with this protocol cannot be read as Flume's; nothing when their bytes are the
 * same. Types that Avro could convert into ours are refused, too: nobody who sends events to Flume has them. The library
 * that reads protocols is loaded for the first stranger.
 */
export async function findProtocolFault(text: string): Promise<string | undefined> {
  const { default: avsc } = await import("avsc");
  const own = shapesOf(PROTOCOL_TEXT, avsc);
  let shapes: ReadonlyMap<string, string>;
  try {
    shapes = shapesOf(text, avsc);
  } catch (cause) {
    return `its protocol text cannot be read: ${(cause as Error).message}`;
  }
  const names = [...shapes.keys()].filter((name) => own.has(name));
  if (names.length === 0) return "its protocol has neither append nor appendBatch";
  const odd = names.find((name) => shapes.get(name) !== own.get(name));
  return odd === undefined ? undefined : `its protocol gives ${odd} other types than Flume does`;
}

/** The types of each call as text, without comments, defaults and namespaces. */
function shapesOf(text: string, { Service }: typeof avsc): ReadonlyMap<string, string> {
  const { messages } = Service.forProtocol(JSON.parse(text), { wrapUnions: true });
  return new Map(messages.map(({ name, requestType, responseType }) => {
    const inOrder = requestType.fields.map(({ type }: { type: avsc.Type }) => type.schema());
    const shape = JSON.stringify([inOrder, responseType.schema()]);
    return [name, shape.replaceAll(/"[\w.]+\.(\w+)"/g, '"$1"')];
  }));
}
