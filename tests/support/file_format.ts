import { Buffer } from "node:buffer";
import { type AnyPlugin, type CodecChoice, type Context, type EventBatch, z } from "sluice/plugin";
import { MANIFEST } from "../../plugins/manifest.ts";
import type { FileFormat } from "../../plugins/sinks/_hdfs/formats/format.ts";
import { FORMAT_FIELDS, type FormatSettings } from "../../plugins/sinks/_hdfs/formats/format_fields.ts";
import { formatFaults, makeFormat } from "../../plugins/sinks/_hdfs/formats/make_format.ts";
import { makeTransform } from "../../plugins/sinks/_hdfs/formats/transform.ts";
import { testContext } from "./context.ts";

/** What a test says of a format: fields by key, the serializer by name. */
export type FormatWords = Readonly<Record<string, unknown>>;

/** The settings that the sink would have. */
export async function formatSettings(
  { serializer = "text", ...words }: FormatWords = {},
): Promise<FormatSettings> {
  const { load } = MANIFEST.codec[serializer as keyof typeof MANIFEST.codec]!;
  const { default: plugin } = await load() as { default: AnyPlugin };
  const config = z.object(plugin.config as Record<string, z.ZodType>).parse({});
  const choice = { plugin, config } as unknown as CodecChoice;
  return z.strictObject(FORMAT_FIELDS).parse({ ...words, serializer: choice }) as FormatSettings;
}

/** Makes a format that goes together. */
export async function testFormat(
  words: FormatWords,
  { isAppended = false, context = testContext() }: { isAppended?: boolean; context?: Context } = {},
): Promise<FileFormat> {
  const settings = await formatSettings(words);
  const [fault] = formatFaults(settings, isAppended);
  if (fault) throw new SyntaxError(`${fault.key}: ${fault.text}; ${fault.fix}`);
  return await makeFormat(settings, isAppended, context);
}

/** What the stage holds after batches, and where each of them ended. */
export async function stageBatches(
  format: FileFormat,
  batches: Iterable<EventBatch>,
): Promise<{ staged: Uint8Array; ends: readonly number[] }> {
  const encoder = format.encoder();
  const parts: Uint8Array[] = [encoder.begin?.() ?? new Uint8Array(0)];
  let bytes = parts[0]!.length;
  const ends = [bytes];
  for (const batch of batches) {
    for (const slice of await encoder.encode(batch)) parts.push(slice.slice());
    bytes = parts.reduce((sum, { length }) => sum + length, 0);
    ends.push(bytes);
  }
  return { staged: new Uint8Array(Buffer.concat(parts)), ends };
}

/** The bytes of the file, of staged ones that come in pieces whose memory is used again at once. */
export async function fileOf(
  format: FileFormat,
  staged: Uint8Array,
  pieceBytes = 100_000,
): Promise<Uint8Array> {
  if (!format.transform) return staged;
  const parts: Uint8Array[] = [];
  const transform = await makeTransform(format.transform);
  for await (const part of transform(inPieces(staged, pieceBytes))) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

/** The whole file of some batches. */
export async function writeFile(format: FileFormat, batches: Iterable<EventBatch>): Promise<Uint8Array> {
  return await fileOf(format, (await stageBatches(format, batches)).staged);
}

/** Bytes in pieces whose memory is used again at once. */
export async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(pieceBytes);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const part = bytes.subarray(at, at + pieceBytes);
    piece.set(part);
    yield piece.subarray(0, part.length);
    piece.fill(0xEE);
  }
  await Promise.resolve();
}
