import { type Decoded, type Decoder, EventBatch } from "sluice/plugin";
import { AVRO_COMPRESSIONS, type AvroCompression } from "../../../protocols/avro_compression.ts";
import {
  type AvroBlock,
  type AvroHead,
  AvroReader,
  MAX_HEAD_BYTES,
} from "../../../protocols/avro_container.ts";
import { AvroSchema } from "../../../protocols/avro_schema.ts";

/** What the head of one container says. */
interface Container {
  readonly head: AvroHead;
  readonly schema: AvroSchema;
  readonly compression: AvroCompression;
  readonly headers: ReadonlyMap<string, string>;
}

/** How containers are read. */
export interface DatumSettings {
  readonly schemaType: "HASH" | "LITERAL";
  readonly maxBlockBytes: number;
}

/** Count, length and sync marker of a block take at most this many bytes. */
const BLOCK_FRAME_BYTES = 36;
/** Events that one block without content may claim. */
const MAX_EMPTY_DATUMS = 1_000_000;

/** Reads one event from each datum of one Avro container; the body is the datum as it is encoded. */
export function datumDecoder(settings: DatumSettings): Decoder {
  let container: Container | undefined;
  let offset = 0;

  /** Reads the head when it is whole; gives the offset behind it. */
  function open(bytes: Uint8Array): number {
    const reader = new AvroReader(bytes);
    const head = reader.head();
    if (head) container = openContainer(head, settings);
    else if (bytes.length > MAX_HEAD_BYTES) {
      throw new SyntaxError(`The Avro head exceeds ${MAX_HEAD_BYTES} bytes`);
    }
    return head ? reader.offset : 0;
  }
  async function decodeBlocks(bytes: Uint8Array, last: boolean): Promise<Decoded> {
    const begin = container || bytes.length === 0 ? 0 : open(bytes);
    const batches: EventBatch[] = [];
    const reader = new AvroReader(bytes, begin);
    while (container) {
      const block = reader.block(container.head, settings.maxBlockBytes);
      if (!block) break;
      batches.push(await readBlock(bytes, block, { container, maxBytes: settings.maxBlockBytes }));
      // A block that was expanded has memory of its own: one is enough at a time.
      if (container.head.codec !== "null") break;
    }
    if (last && reader.offset < bytes.length && batches.length === 0) {
      throw new SyntaxError(
        `The Avro container ends within a block that begins at byte ${offset + reader.offset}`,
      );
    }
    offset += reader.offset;
    return { batch: joinBlocks(bytes, batches, container), consumedBytes: reader.offset };
  }
  return {
    needsStart: true,
    maxEventBytes: Math.max(settings.maxBlockBytes + BLOCK_FRAME_BYTES, MAX_HEAD_BYTES),
    decode: decodeBlocks,
  };
}

function openContainer(head: AvroHead, { schemaType }: DatumSettings): Container {
  const schema = new AvroSchema(head.schema);
  const compression = (AVRO_COMPRESSIONS as Record<string, AvroCompression>)[head.codec];
  if (!compression) {
    const known = Object.keys(AVRO_COMPRESSIONS).join(", ");
    throw new SyntaxError(`Avro codec "${head.codec}" cannot be read: write the file with one of ${known}`);
  }
  const headers = schemaType === "HASH"
    ? new Map([["flume.avro.schema.hash", schema.fingerprint()]])
    : new Map([["flume.avro.schema.literal", head.schema]]);
  return { head, schema, compression, headers };
}

async function readBlock(
  bytes: Uint8Array,
  { count, start, end }: AvroBlock,
  { container, maxBytes }: { readonly container: Container; readonly maxBytes: number },
): Promise<EventBatch> {
  const expanded = await container.compression.expand(bytes.subarray(start, end), maxBytes);
  if (count > Math.max(expanded.length, MAX_EMPTY_DATUMS)) {
    throw new SyntaxError(`An Avro block of ${expanded.length} bytes claims ${count} records`);
  }
  const isPlain = container.head.codec === "null";
  const base = isPlain ? start : 0;
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let at = 0;
  for (let index = 0; index < count; index++) {
    starts[index] = base + at;
    at = container.schema.skip(expanded, at);
    ends[index] = base + at;
  }
  return new EventBatch({ block: isPlain ? bytes : expanded, starts, ends, headers: container.headers });
}

/** Plain blocks all lie in the bytes that were passed in, so that their indexes only follow one another. */
function joinBlocks(
  block: Uint8Array,
  batches: readonly EventBatch[],
  container: Container | undefined,
): EventBatch {
  if (batches.length === 0 || !container) return EventBatch.EMPTY;
  if (batches.length === 1) return batches[0]!;
  const size = batches.reduce((sum, batch) => sum + batch.size, 0);
  const starts = new Uint32Array(size);
  const ends = new Uint32Array(size);
  let at = 0;
  for (const batch of batches) {
    starts.set(batch.starts, at);
    ends.set(batch.ends, at);
    at += batch.size;
  }
  return new EventBatch({ block, starts, ends, headers: container.headers });
}
