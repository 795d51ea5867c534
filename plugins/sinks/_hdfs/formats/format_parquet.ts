import { ByteWriter } from "../../../../protocols/byte_writer.ts";
import { EventRows } from "./event_rows.ts";
import type { FileFormat } from "./format.ts";
import { type RowSettings, stagingEncoder } from "./format_avro.ts";
import type { ParquetPlan } from "./transform_parquet.ts";

/** How Parquet files are made. */
export interface ParquetSettings extends RowSettings, Omit<ParquetPlan, "kind" | "schema"> {}

/** Parquet files of a given schema. The rows stand in the stage one by one, as Avro's datums. */
export function parquetFormat({ from, ...plan }: ParquetSettings): FileFormat {
  const rows = new EventRows(plan.schema.fields, from);
  const room = new ByteWriter();
  return {
    extension: ".parquet",
    schema: plan.schema.text,
    canAppend: false,
    encoder: () => stagingEncoder(rows, room),
    transform: { kind: "parquet", ...plan },
  };
}
