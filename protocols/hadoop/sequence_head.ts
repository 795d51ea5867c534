import { Buffer } from "node:buffer";
import { ByteWriter } from "../byte_writer.ts";
import { vintBytes, writeInt, writeVint } from "./numbers.ts";

// The head of a SequenceFile, version 6 (org.apache.hadoop.io.SequenceFile):
//   "SEQ" 06 · text: class of the keys · text: class of the values · 1 byte: compressed · 1 byte: in blocks
//   text: class of the codec, if compressed · 4 bytes: pairs of metadata · of each, text: name, text: value
//   16 bytes of sync marker
// A text is its length in bytes as vint and UTF-8; numbers have the big end first.

/** Bytes of a sync marker. */
export const SYNC_BYTES = 16;

/** What the head says. */
export interface SequenceHead {
  readonly valueClass: string;
  readonly codecClass?: string | undefined;
  readonly isBlockCompressed: boolean;
  readonly metadata?: ReadonlyMap<string, string> | undefined;
  readonly sync: Uint8Array;
}

/** Makes a head, for keys of class LongWritable. */
export function encodeSequenceHead(head: SequenceHead): Uint8Array {
  const writer = new ByteWriter();
  writer.text("SEQ");
  writer.byte(6);
  writeText(writer, "org.apache.hadoop.io.LongWritable");
  writeText(writer, head.valueClass);
  writer.byte(head.codecClass === undefined ? 0 : 1);
  writer.byte(head.isBlockCompressed ? 1 : 0);
  if (head.codecClass !== undefined) writeText(writer, head.codecClass);
  writeMetadata(writer, head.metadata ?? new Map());
  writer.copy(head.sync, 0, SYNC_BYTES);
  return writer.written.slice();
}

/** In the order of the names' bytes, as Hadoop keeps them. */
function writeMetadata(writer: ByteWriter, metadata: ReadonlyMap<string, string>): void {
  writer.advance(writeInt(writer.reserve(4), writer.length, metadata.size));
  const names = Array.from(metadata.keys());
  names.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  for (const name of names) {
    writeText(writer, name);
    writeText(writer, metadata.get(name)!);
  }
}

function writeText(writer: ByteWriter, text: string): void {
  const bytes = Buffer.byteLength(text);
  writer.advance(writeVint(writer.reserve(vintBytes(bytes)), writer.length, bytes));
  writer.text(text);
}
