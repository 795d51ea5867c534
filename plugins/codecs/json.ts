import { bool, bytes, choice, type Decoder, defineCodec, EventBatch, splitLines, text } from "sluice/plugin";
import { jsonTextDecoder } from "../../protocols/json_charset.ts";
import { readArray, readLines } from "./_json/event_reader.ts";
import { jsonEncoder } from "./_json/event_writer.ts";
import { readPlainLines } from "./_json/plain_lines.ts";

const LINES_TYPE = /^\s*application\/(x-)?(ndjson|jsonl|jsonlines|json-seq)\b/i;
const OPEN_BRACKET = 0x5B;
const NOTHING = { batch: EventBatch.EMPTY, consumedBytes: 0 };

const config = {
  format: choice(["auto", "array", "lines"]).default("auto").describe(
    "Input: one array of events, or an event on each line. `auto` follows the content type, and without one the first character.",
  ),
  maxEventBytes: bytes().default(16 * 1024 * 1024).describe("Longest array or line that is read."),
  bodyField: text().default("body").describe("Output: key of the body."),
  headersField: text().default("headers").describe("Output: key of the headers."),
  flatHeaders: bool().default(false).describe(
    "Output: headers stand beside the body, not below a key of their own.",
  ),
  parseBody: bool().default(false).describe("Output: a body that is JSON is embedded as JSON, not as text."),
};

type Format = "auto" | "array" | "lines";

/** Whether an array is to be read; undefined: not a byte that tells it is there. */
function isArray(format: Format, contentType: string | undefined, bytes: Uint8Array): boolean | undefined {
  if (format !== "auto") return format === "array";
  if (contentType !== undefined) return !LINES_TYPE.test(contentType);
  const first = bytes.find((byte) => byte > 0x20 && byte < 0x80);
  return first === undefined ? undefined : first === OPEN_BRACKET;
}

function jsonDecoder(
  settings: { readonly format: Format; readonly maxEventBytes: number },
  about: Readonly<Record<string, string>>,
): Decoder {
  const charset = charsetOf(about);
  const decodeText = jsonTextDecoder(charset);
  if (!decodeText) {
    throw new SyntaxError(`Charset "${charset}" is not allowed for JSON: send UTF-8, UTF-16 or UTF-32`);
  }
  let inArray: boolean | undefined;
  let offset = 0;
  return {
    maxEventBytes: settings.maxEventBytes,
    decode(bytes, last) {
      inArray ??= isArray(settings.format, about["content-type"], bytes);
      if ((inArray ?? true) || charset !== "utf-8") {
        if (!last || bytes.length === 0) return NOTHING;
        const text = decodeText(bytes);
        const batch = inArray ?? true
          ? readArray(text)
          : decodeLines(new TextEncoder().encode(text), true, 0).batch;
        return { batch, consumedBytes: bytes.length };
      }
      const decoded = decodeLines(bytes, last, offset);
      offset += decoded.consumedBytes;
      return decoded;
    },
  };
}

function decodeLines(block: Uint8Array, last: boolean, baseOffset: number) {
  const { consumedBytes, ...index } = splitLines(block, { last });
  const lines = new EventBatch({ block, ...index });
  return { batch: readPlainLines(lines) ?? readLines(lines, baseOffset), consumedBytes };
}

/** The charset that `charset` or the content type names; UTF-8 otherwise. Lower case. */
function charsetOf(about: Readonly<Record<string, string>>): string {
  const named = about.charset ?? /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(about["content-type"] ?? "")?.[1];
  const charset = (named ?? "utf-8").toLowerCase();
  return charset === "utf8" || charset === "us-ascii" ? "utf-8" : charset;
}

export default defineCodec({
  name: "json",
  aliases: ["org.apache.flume.source.http.JSONHandler"],
  summary: "Reads and writes events as JSON.",
  about:
    'Input is Flume\'s JSONHandler format, an array of `{"headers": {…}, "body": "text"}`, in UTF-8, UTF-16 or UTF-32; ' +
    "a single object that is not in an array is refused, other keys are ignored, numbers and booleans become text. With a content type such as " +
    "`application/x-ndjson` each line is one such object. Bodies become UTF-8, while Flume keeps the charset of the request.\n\n" +
    'Output is one line of JSON for each event, `{"headers":{…},"body":"…"}`. Bytes that are not UTF-8 become U+FFFD there: use ' +
    "`avro_event` for bodies that are not text.",
  config,
  examples: [{
    title: "Access log lines as flat JSON",
    yaml: `source: { type: stdin }
interceptors: [{ type: host }]
sink: { type: stdout, codec: { type: json, flatHeaders: true, bodyField: line } }`,
  }],
  create: (settings) => ({
    encoder: () => jsonEncoder(settings),
    decoder: (about = {}) => jsonDecoder(settings, about),
  }),
});
