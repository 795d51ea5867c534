import type { EventBatch } from "sluice/plugin";
import type { AvroCompression } from "../../../protocols/avro_compression.ts";
import { type AvroHead, encodeAvroBlock } from "../../../protocols/avro_container.ts";
import type { ByteWriter } from "../../../protocols/byte_writer.ts";

/** How containers are written. */
export interface ContainerSettings {
  readonly codec: string;
  readonly compression: AvroCompression;
  /** A block ends at this many bytes, and at the end of each batch. */
  readonly syncIntervalBytes: number;
}

/** Makes the head of a new container, with a marker of its own. */
export function newHead(schema: string, { codec }: ContainerSettings): AvroHead {
  return { schema, codec, sync: crypto.getRandomValues(new Uint8Array(16)) };
}

/** Makes the blocks of a batch; `write` puts down one event as its datum. */
export async function encodeBlocks(
  batch: EventBatch,
  head: AvroHead,
  { settings, writer, write }: {
    readonly settings: ContainerSettings;
    readonly writer: ByteWriter;
    readonly write: (index: number) => void;
  },
): Promise<readonly Uint8Array[]> {
  const slices: Uint8Array[] = [];
  for (let index = 0; index < batch.size;) {
    const first = index;
    writer.reset();
    while (index < batch.size && writer.length < settings.syncIntervalBytes) write(index++);
    const packed = await settings.compression.compress(writer.written);
    // Blocks that are not compressed stand in the writer, which the next block uses again.
    const isShared = index < batch.size && packed.buffer === writer.written.buffer;
    slices.push(...encodeAvroBlock(head, index - first, isShared ? packed.slice() : packed));
  }
  return slices;
}
