import type { RowSchema } from "../../../../protocols/avro_rows/row_schema.ts";
import { ByteWriter } from "../../../../protocols/byte_writer.ts";
import { ParquetFile, type ParquetOptions } from "../../../../protocols/parquet/parquet_file.ts";
import { readRows } from "./staged_rows.ts";

/** Rows that become row groups of a Parquet file. */
export interface ParquetPlan extends Pick<ParquetOptions, "codec" | "level"> {
  readonly kind: "parquet";
  readonly schema: RowSchema;
  /** A row group ends at whichever comes first: so many rows, or so many bytes of them in the stage. */
  readonly groupRows: number;
  readonly groupBytes: number;
}

/** Keeps the rows of one group as they were staged; they become columns only while the group is made. */
export async function* makeGroups(
  staged: AsyncIterable<Uint8Array>,
  { schema, codec, level, groupRows, groupBytes }: ParquetPlan,
): AsyncGenerator<Uint8Array> {
  const file = new ParquetFile({ codec, level, fields: schema.fields });
  const group = new ByteWriter();
  let rows = 0;
  for await (const { block, starts, ends, size } of readRows(staged)) {
    for (let index = 0; index < size; index++) {
      group.copy(block, starts[index]!, ends[index]!);
      rows++;
      if (rows < groupRows && group.length < groupBytes) continue;
      yield file.group({ bytes: group.written, size: rows });
      group.reset();
      rows = 0;
    }
  }
  if (rows > 0) yield file.group({ bytes: group.written, size: rows });
  yield file.end();
}
