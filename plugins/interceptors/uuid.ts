import { Buffer } from "node:buffer";
import { bool, defineInterceptor, text } from "sluice/plugin";
import { fillHeader } from "./_headers/fill.ts";

export default defineInterceptor({
  name: "uuid",
  aliases: [
    "org.apache.flume.sink.solr.morphline.UUIDInterceptor$Builder",
    "org.apache.flume.sink.solr.morphline.UUIDInterceptor",
  ],
  summary: "Adds a random identifier, by which duplicates can be found later.",
  about:
    "Identifiers are UUIDs of version 4 (RFC 9562). An event that is sent again after a failure further down " +
    "keeps its identifier; one that the source reads again gets a new one.",
  config: {
    headerName: text().default("id").describe("Header that gets the identifier."),
    preserveExisting: bool().default(true).describe("Leave events alone that have the header already."),
    prefix: text().default("").describe("Text in front of the identifier."),
  },
  examples: [{
    title: "An identifier for each line",
    yaml: `source: { type: stdin }
interceptors: [{ type: uuid, headerName: eventId, prefix: "shop-" }]
sink: { type: stdout, codec: json }`,
  }],
  create: ({ headerName: name, preserveExisting, prefix }) => ({
    intercept: (batch) => fillHeader(batch, { name, preserveExisting }, randomIds(batch.size, prefix)),
  }),
});

const HEX = Buffer.from("0123456789abcdef", "latin1");
const ID_BYTES = 16;
const ID_CHARS = 36;
/** `crypto.getRandomValues` gives no more at once. */
const RANDOM_BYTES_AT_MOST = 65_536;

/** Writes all identifiers into one text and cuts it: a hundredth of the cost of making them one by one. */
function randomIds(count: number, prefix: string): string[] {
  const random = new Uint8Array(count * ID_BYTES);
  for (let at = 0; at < random.length; at += RANDOM_BYTES_AT_MOST) {
    crypto.getRandomValues(random.subarray(at, at + RANDOM_BYTES_AT_MOST));
  }
  const chars = Buffer.allocUnsafe(count * ID_CHARS);
  for (let index = 0; index < count; index++) writeId(random, index, chars);
  const text = chars.toString("latin1");
  return Array.from({ length: count }, (_, index) => {
    return prefix + text.slice(index * ID_CHARS, (index + 1) * ID_CHARS);
  });
}

/** Byte picture: tttttttt-tttt-4ttt-vttt-tttttttttttt, t random, v of 8, 9, a, b. */
function writeId(random: Uint8Array, index: number, chars: Buffer): void {
  const from = index * ID_BYTES;
  random[from + 6] = random[from + 6]! & 0x0f | 0x40;
  random[from + 8] = random[from + 8]! & 0x3f | 0x80;
  let to = index * ID_CHARS;
  for (let at = 0; at < ID_BYTES; at++) {
    if (at === 4 || at === 6 || at === 8 || at === 10) chars[to++] = 0x2d;
    const byte = random[from + at]!;
    chars[to++] = HEX[byte >> 4]!;
    chars[to++] = HEX[byte & 15]!;
  }
}
