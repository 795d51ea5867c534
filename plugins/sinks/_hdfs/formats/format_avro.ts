import type { Encoder } from "sluice/plugin";
import { AVRO_COMPRESSIONS } from "../../../../protocols/avro_compression.ts";
import { encodeAvroBlock, encodeAvroHead } from "../../../../protocols/avro_container.ts";
import type { RowSchema } from "../../../../protocols/avro_rows/row_schema.ts";
import { ByteWriter } from "../../../../protocols/byte_writer.ts";
import { EventRows, type RowsFrom } from "./event_rows.ts";
import type { FileFormat } from "./format.ts";
import { stageRows } from "./staged_rows.ts";
import { newAvroHead } from "./transform_avro.ts";

/** How rows become a file. */
export interface RowSettings {
  readonly schema: RowSchema;
  readonly from: RowsFrom;
}

/** How Avro containers are made. */
export interface AvroSettings extends RowSettings {
  readonly codec: keyof typeof AVRO_COMPRESSIONS;
  /** Whether there is no stage, so that each batch makes blocks of its own. */
  readonly isAppended: boolean;
}

/** Avro containers of a given schema. The rows stand in the stage one by one, so that blocks are full. */
export function avroFormat(settings: AvroSettings): FileFormat {
  const extension = ".avro";
  const rows = new EventRows(settings.schema.fields, settings.from);
  const room = new ByteWriter();
  if (settings.isAppended) {
    return {
      extension,
      canAppend: true,
      encoder: () => directEncoder(settings, rows),
    };
  }
  return {
    extension,
    schema: settings.schema.text,
    canAppend: false,
    encoder: () => stagingEncoder(rows, room),
    transform: { kind: "avro", schema: settings.schema, codec: settings.codec },
  };
}

/** Writes rows into the stage, each as a datum. */
export function stagingEncoder(rows: EventRows, room: ByteWriter): Encoder {
  return {
    encode: (batch) => rows.write(batch, room, (write) => stageRows(batch.size, room, write)),
  };
}

function directEncoder(settings: AvroSettings, rows: EventRows): Encoder {
  const head = newAvroHead(settings);
  const { compress } = AVRO_COMPRESSIONS[settings.codec];
  return {
    extension: "avro",
    begin: () => encodeAvroHead(head),
    async encode(batch) {
      if (batch.size === 0) return [];
      const writer = new ByteWriter();
      rows.write(batch, writer, (write) => {
        for (let index = 0; index < batch.size; index++) write(index);
      });
      return encodeAvroBlock(head, batch.size, await compress(writer.written));
    },
  };
}
