import { crc32 } from "node:zlib";
import { PbfWriter } from "pbf";

/** Where an event was put. */
export interface Put {
  readonly fileId: number;
  readonly offset: number;
}

const TYPES = { put: 1, take: 2, rollback: 3, commit: 4 } as const;
const STEP_BYTES = 1024;

/** Numbers of writes go on from log to log. */
let order = 1_700_000_000_000;

/** Writes a log of Flume's file channel as Flume 1.11 does: entries, then the end byte up to a round length. */
export class FlumeLogWriter {
  readonly path: string;
  readonly #fileId: number;
  #bytes: number[] = [];

  constructor(folder: string, fileId: number) {
    this.path = `${folder}/log-${fileId}`;
    this.#fileId = fileId;
  }

  /** Puts an event; a wrong checksum makes it a damaged one. */
  put(transaction: number, body: string, { checksum = crc32(body) } = {}): Put {
    const place = { fileId: this.#fileId, offset: this.#bytes.length };
    this.#entry("put", transaction, (writer) => {
      writer.writeMessage(1, (_, event) => {
        event.writeTag(2, 2);
        event.writeBytes(new TextEncoder().encode(body));
      }, undefined);
      writer.writeTag(2, 1);
      writer.writeSFixed64(checksum);
    });
    return place;
  }

  take(transaction: number, { fileId, offset }: Put): void {
    this.#entry("take", transaction, (writer) => writeNumbers(writer, [fileId, offset]));
  }

  commit(transaction: number, kind: "put" | "take"): void {
    this.#entry("commit", transaction, (writer) => writeNumbers(writer, [TYPES[kind]]));
  }

  rollback(transaction: number): void {
    this.#entry("rollback", transaction, () => {});
  }

  /** What Flume's integrity tool makes of an entry. */
  skip({ offset }: Put): void {
    this.#bytes[offset] = 0;
  }

  /** Adds bytes that are no entry. */
  raw(...bytes: readonly number[]): void {
    this.#bytes.push(...bytes);
  }

  save({ isEncrypted = false } = {}): void {
    const padded = new Uint8Array(Math.ceil((this.#bytes.length + 1) / STEP_BYTES) * STEP_BYTES).fill(0x80);
    padded.set(this.#bytes);
    Deno.writeFileSync(this.path, padded);
    const meta = new PbfWriter();
    meta.writeRawMessage((_, writer) => {
      writeNumbers(writer, [3, this.#fileId]);
      if (isEncrypted) writer.writeMessage(5, () => {}, undefined);
    }, undefined);
    Deno.writeFileSync(`${this.path}.meta`, meta.finish());
  }

  #entry(kind: keyof typeof TYPES, transaction: number, body: (writer: PbfWriter) => void): void {
    const messages = new PbfWriter();
    messages.writeRawMessage((_, writer) => {
      writeNumbers(writer, [TYPES[kind]]);
      for (const [index, number] of [transaction, ++order].entries()) {
        writer.writeTag(index + 2, 1);
        writer.writeSFixed64(number);
      }
    }, undefined);
    messages.writeRawMessage((_, writer) => body(writer), undefined);
    messages.writeRawMessage(() => {}, undefined);
    const bytes = messages.finish();
    this.#bytes.push(127, ...[24, 16, 8, 0].map((shift) => bytes.length >> shift & 0xFF), ...bytes);
  }
}

function writeNumbers(writer: PbfWriter, numbers: readonly number[]): void {
  for (const [index, number] of numbers.entries()) {
    writer.writeTag(index + 1, 5);
    writer.writeSFixed32(number);
  }
}
