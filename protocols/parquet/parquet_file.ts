import { Buffer } from "node:buffer";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { snappyCompress } from "@platformatic/wasm-utils";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { type ReadValue, valueReader } from "../avro_rows/row_reader.ts";
import type { RowField } from "../avro_rows/row_schema.ts";
import { parquetSchema } from "./parquet_schema.ts";

// A file (Apache Parquet's README.md): "PAR1" · row groups · what they hold and where · 4 bytes: length of that · "PAR1"

/** How pages may be compressed, by their names in Parquet, each with its own levels. */
export const PARQUET_CODECS = {
  UNCOMPRESSED: () => (page: Uint8Array) => page,
  SNAPPY: () => (page: Uint8Array) => snappyCompress(page as Parameters<typeof snappyCompress>[0]),
  GZIP: (level?: number) => (page: Uint8Array) => gzipSync(page, level === undefined ? {} : { level }),
  ZSTD: (level?: number) => (page: Uint8Array) =>
    zstdCompressSync(
      page,
      level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } },
    ),
} satisfies Record<string, (level?: number) => (page: Uint8Array) => Uint8Array>;

/** What a file is to be like. */
export interface ParquetOptions {
  readonly fields: readonly RowField[];
  readonly codec: keyof typeof PARQUET_CODECS;
  readonly level?: number | undefined;
}

/** Rows as datums of Avro, one behind another. */
export interface DatumRows {
  readonly bytes: Uint8Array;
  readonly size: number;
}

/** Makes the bytes of a file, one row group at a time; a row group keeps the thread busy while it is made. */
export class ParquetFile {
  readonly #columns: readonly { readonly name: string; readonly read: ReadValue }[];
  readonly #output = new Output();
  readonly #writer: ParquetWriter;

  constructor({ fields, codec, level }: ParquetOptions) {
    this.#columns = fields.map(({ name, node }) => ({ name, read: valueReader(node) }));
    this.#writer = new ParquetWriter({
      writer: this.#output,
      schema: [...parquetSchema(fields)],
      codec,
      compressors: { [codec]: PARQUET_CODECS[codec](level) },
      createdBy: "sluice",
    });
  }

  /** Makes a row group, behind the head where it is the first. */
  group({ bytes, size }: DatumRows): Uint8Array {
    const cursor = { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), at: 0 };
    const columns = this.#columns.map(({ name, read }) => ({ name, read, values: new Array<unknown>(size) }));
    for (let row = 0; row < size; row++) {
      for (const { read, values } of columns) values[row] = read(cursor);
    }
    const columnData = columns.map(({ name, values }) => ({ name, data: values }));
    this.#writer.write({ columnData, rowGroupSize: size });
    return this.#output.take();
  }

  /** Makes the end, which tells where everything is. */
  end(): Uint8Array {
    this.#writer.finish();
    return this.#output.take();
  }
}

/** Hands out what was written so far, and uses its room again; offsets go on. */
class Output extends ByteWriter {
  take(): Uint8Array {
    const bytes = this.getBytes().slice();
    this.index = 0;
    return bytes;
  }
}
