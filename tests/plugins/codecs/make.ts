import {
  type AnyPlugin,
  type Codec,
  type Decoder,
  type Encoder,
  type Event,
  EventBatch,
  z,
} from "sluice/plugin";
import { testContext } from "../../support/context.ts";

/** Makes a codec with some settings and defaults for the rest. */
export async function makeCodec(plugin: AnyPlugin, settings: Record<string, unknown> = {}): Promise<Codec> {
  const config = z.strictObject(plugin.config as Record<string, z.ZodType>).parse(settings);
  return await plugin.create(config, testContext()) as Codec;
}

/** Everything that an encoder gives for some batches, as one file would hold it. */
export async function encodeAll(encoder: Encoder, batches: readonly EventBatch[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [encoder.begin?.() ?? new Uint8Array(0)];
  for (const batch of batches) for (const slice of await encoder.encode(batch)) parts.push(slice.slice());
  parts.push(encoder.end?.() ?? new Uint8Array(0));
  return EventBatch.ofBodies(parts).block;
}

/** Decodes as a source does that reads so many bytes at a time into a block that grows as far as the decoder wants. */
export async function decodeInPieces(
  decoder: Decoder,
  bytes: Uint8Array,
  pieceBytes: number,
): Promise<Event[]> {
  const events: Event[] = [];
  let [start, end] = [0, 0];
  for (;;) {
    const last = end === bytes.length;
    const { batch, consumedBytes } = await decoder.decode(bytes.slice(start, end), last);
    for (const { headers, body } of batch) events.push({ headers, body: body.slice() });
    start += consumedBytes;
    if (last && (consumedBytes === 0 || start === end)) return events;
    if (!last && consumedBytes === 0) end = Math.min(end + pieceBytes, bytes.length);
  }
}

/** Reads a file that Flume wrote. */
export function golden(path: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`../../data/golden/${path}`, import.meta.url));
}

/** The events that Flume wrote into those files. */
export function goldenEvents(): { headers: Record<string, string>; body: string }[] {
  return JSON.parse(new TextDecoder().decode(golden("events.json")));
}
