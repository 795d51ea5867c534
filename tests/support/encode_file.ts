import { type Codec, type CodecPlugin, type EventBatch, type Fields, z } from "sluice/plugin";
import { testContext } from "./context.ts";

/** The bytes of a file that holds one batch in a format. */
export async function encodeFile<F extends Fields>(
  plugin: CodecPlugin<F>,
  batch: EventBatch,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Uint8Array> {
  const config = z.object(plugin.config).parse(settings) as never;
  const codec: Codec = await plugin.create(config, testContext());
  const encoder = codec.encoder!();
  const parts = [encoder.begin?.(), ...await encoder.encode(batch), encoder.end?.()];
  const bytes = parts.flatMap((part) => part ? [part] : []);
  return new Uint8Array(await new Blob(bytes as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}
