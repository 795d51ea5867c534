import { AVRO_COMPRESSIONS } from "../../../../protocols/avro_compression.ts";
import { type AvroHead, encodeAvroBlock, encodeAvroHead } from "../../../../protocols/avro_container.ts";
import type { RowSchema } from "../../../../protocols/avro_rows/row_schema.ts";
import { ByteWriter } from "../../../../protocols/byte_writer.ts";
import { readRows } from "./staged_rows.ts";

const SYNC_BYTES = 16;
/** A block ends at this many bytes. */
const BLOCK_BYTES = 1_000_000;

/** Rows that become blocks of an Avro container. */
export interface AvroPlan {
  readonly kind: "avro";
  readonly schema: RowSchema;
  readonly codec: keyof typeof AVRO_COMPRESSIONS;
}

/** Begins a container: its sync marker is its own. */
export function newAvroHead({ schema, codec }: Pick<AvroPlan, "schema" | "codec">): AvroHead {
  return { schema: schema.text, codec, sync: crypto.getRandomValues(new Uint8Array(SYNC_BYTES)) };
}

/** Makes the whole container of rows that stand in the stage one by one. */
export async function* makeBlocks(
  staged: AsyncIterable<Uint8Array>,
  plan: AvroPlan,
): AsyncGenerator<Uint8Array> {
  const head = newAvroHead(plan);
  const writer = new ByteWriter();
  let rows = 0;
  const block = async () => {
    const { compress } = AVRO_COMPRESSIONS[plan.codec];
    // What is not compressed stands in the writer, which the next block uses again.
    const packed = await compress(plan.codec === "null" ? writer.written.slice() : writer.written);
    const parts = encodeAvroBlock(head, rows, packed);
    writer.reset();
    rows = 0;
    return parts;
  };
  yield encodeAvroHead(head);
  for await (const { block: bytes, starts, ends, size } of readRows(staged)) {
    for (let index = 0; index < size; index++) {
      writer.copy(bytes, starts[index]!, ends[index]!);
      rows++;
      if (writer.length >= BLOCK_BYTES) yield* await block();
    }
  }
  if (rows > 0) yield* await block();
}
