import { type Clock, type Encoder, type EventBatch, PoisonError } from "sluice/plugin";
import { ByteWriter } from "../../../../protocols/byte_writer.ts";
import { writeLong } from "../../../../protocols/hadoop/numbers.ts";
import { type SequenceFileOptions, startSequenceFile } from "../../../../protocols/hadoop/sequence_file.ts";
import type { SequenceKeys } from "../../../../protocols/hadoop/sequence_rows.ts";
import type { FileFormat } from "./format.ts";
import { stageRows } from "./staged_rows.ts";
import { KEY_BYTES } from "./transform_sequence.ts";

const TIME_HEADER = "timestamp";
/** What Java reads as a long, as far as a double holds it. */
const LONG = /^[+-]?\d{1,16}$/;

/** How the files are made. */
export interface SequenceSettings extends Pick<SequenceFileOptions, "value" | "codec" | "compress"> {
  readonly clock: Clock;
  /** Whether there is no stage, so that each batch makes compressed blocks of its own, as Flume's do. */
  readonly isAppended: boolean;
}

/**
 * Flume's SequenceFile: the key is the header `timestamp`, or the clock where an event has none. Compressed files stand
 * plain in the stage, so that their blocks are full however small the batches are.
 */
export function sequenceFormat(settings: SequenceSettings): FileFormat {
  const { codec, value, compress = "block", isAppended } = settings;
  const extension = codec?.extension ?? "";
  const room = new ByteWriter();
  if (!codec || isAppended) {
    return { extension, canAppend: true, encoder: () => directEncoder(settings, room) };
  }
  return {
    extension,
    canAppend: false,
    encoder: () => stagingEncoder(settings, room),
    transform: {
      kind: "sequence",
      value,
      compress,
      codec: { className: codec.className, level: codec.level },
    },
  };
}

function directEncoder({ clock, ...options }: SequenceSettings, room: ByteWriter): Encoder {
  const { head, rows } = startSequenceFile({ ...options, room });
  return {
    begin: () => head,
    encode(batch) {
      if (batch.size === 0) return [];
      const keys = keysOf(batch, clock);
      return [...rows.push(batch, keys), ...rows.sync()];
    },
  };
}

function stagingEncoder({ clock }: SequenceSettings, room: ByteWriter): Encoder {
  return {
    encode(batch) {
      const keys = keysOf(batch, clock);
      return stageRows(batch.size, room, (index) => {
        const key = typeof keys === "number" ? keys : keys[index]!;
        room.advance(writeLong(room.reserve(KEY_BYTES), room.length, key));
        room.copy(batch.block, batch.starts[index]!, batch.ends[index]!);
      });
    },
  };
}

/** @throws {PoisonError} that names the events whose timestamp is none. */
function keysOf(batch: EventBatch, clock: Clock): SequenceKeys {
  const column = batch.headers.get(TIME_HEADER);
  const now = clock.now();
  if (column === undefined) return now;
  const values = typeof column === "string" ? [column] : column;
  const keys = new Float64Array(values.length);
  const bad: number[] = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    keys[index] = value === undefined ? now : LONG.test(value) ? Number(value) : NaN;
    if (!Number.isSafeInteger(keys[index])) bad.push(index);
  }
  if (bad.length > 0) {
    const indexes = typeof column === "string"
      ? Array.from({ length: batch.size }, (_, index) => index)
      : bad;
    throw new PoisonError(
      `Header "${TIME_HEADER}" is "${values[bad[0]!]}", not a time in epoch milliseconds`,
      indexes,
    );
  }
  return typeof column === "string" ? keys[0]! : keys;
}
