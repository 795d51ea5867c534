import { type Codec, type Decoder, EventBatch, z } from "../../core/mod.ts";
import { loadPlugin } from "../_manifest.ts";
import { readAvroEvent } from "./avro_event.ts";

const READ_BYTES = 256 * 1024;
const AVRO_MAGIC = "Obj\u0001";
const OPEN_BRACE = 0x7B;

/**
 * Reads the events of a file, in memory of their own: an Avro container of Flume's events, or lines of JSON.
 * @throws {SyntaxError} when the bytes are neither, with what is wrong.
 */
export async function* readLetters(path: string): AsyncGenerator<EventBatch> {
  using file = await Deno.open(path);
  const head = new Uint8Array(4);
  const size = await file.read(head);
  if (size === null) return;
  await file.seek(0, Deno.SeekMode.Start);
  const isAvro = new TextDecoder("latin1").decode(head) === AVRO_MAGIC;
  if (!isAvro && head[0] !== OPEN_BRACE) {
    throw new SyntaxError("It is neither an Avro container nor lines of JSON");
  }
  const decoder = isAvro
    ? await decoderOf("avro_event", { schemaType: "LITERAL" })
    : await decoderOf("json", { format: "lines" });
  for await (const batch of decodeFile(file, decoder)) yield isAvro ? eventsOf(batch) : batch.detach();
}

async function decoderOf(name: string, config: Record<string, unknown>): Promise<Decoder> {
  const plugin = await loadPlugin("codec", name);
  const codec = await plugin.create(z.object(plugin.config).parse(config), undefined as never) as Codec;
  return codec.decoder!();
}

/** Decodes a file bit by bit; the block grows with the largest event. */
async function* decodeFile(file: Deno.FsFile, decoder: Decoder): AsyncGenerator<EventBatch> {
  let block = new Uint8Array(READ_BYTES);
  let size = 0;
  for (let isLast = false;;) {
    const { batch, consumedBytes } = await decoder.decode(block.subarray(0, size), isLast);
    if (batch.size > 0) yield batch;
    if (consumedBytes > 0) {
      block.copyWithin(0, consumedBytes, size);
      size -= consumedBytes;
      continue;
    }
    if (isLast) return;
    if (size === block.length) block = grow(block, decoder.maxEventBytes);
    const read = await file.read(block.subarray(size));
    isLast = read === null;
    size += read ?? 0;
  }
}

function grow(block: Uint8Array<ArrayBuffer>, maxBytes: number): Uint8Array<ArrayBuffer> {
  if (block.length > maxBytes) throw new SyntaxError(`One event takes more than ${maxBytes} bytes`);
  const grown = new Uint8Array(block.length * 4);
  grown.set(block);
  return grown;
}

/** Turns datums into the events that they encode. */
function eventsOf(datums: EventBatch): EventBatch {
  const schema = datums.header(0, "flume.avro.schema.literal") ?? "";
  if (!isEventSchema(schema)) {
    throw new SyntaxError(`Its records are not events of headers and body: ${schema}`);
  }
  return EventBatch.from(Array.from(datums, ({ body }) => readAvroEvent(body)));
}

function isEventSchema(text: string): boolean {
  const { type, fields } = JSON.parse(text) as { type?: unknown; fields?: { name: string; type: unknown }[] };
  const [headers, body] = fields ?? [];
  const values = headers?.type as { type?: unknown; values?: unknown } | undefined;
  return type === "record" && fields?.length === 2 && headers!.name === "headers" && values?.type === "map" &&
    values.values === "string" && body!.name === "body" && body!.type === "bytes";
}
