// Gives what was fetched of one partition to the consumer's owner, chunk by chunk.
import { KafkaError } from "../kafka_error.ts";
import { readRecords } from "../records/batch_reader.ts";
import { firstBatchBytes } from "../records/batch_head.ts";
import type { FetchContext } from "./broker_fetcher.ts";
import type { FetchedPart } from "./fetch_wire.ts";
import type { PartitionReader } from "./partition_reader.ts";

/** What became of one partition of an answer. */
export interface HandOut {
  /** Events that were given. */
  readonly size: number;
}

/** A compressed batch may become this large: far above what brokers take, far below what could take all memory. */
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;

/** The largest number that a request can hold. */
const MAX_PARTITION_BYTES = 0x7fffffff;

/**
 * Resolves when the owner has taken all of it, or the partition was taken away.
 * @throws {KafkaError} CORRUPT_RECORD, once all before the damage was given; and what the owner throws.
 */
export async function handOut(
  { options, events }: Pick<FetchContext, "options" | "events">,
  { reader, part, where }: {
    readonly reader: PartitionReader;
    readonly part: FetchedPart;
    readonly where: string;
  },
): Promise<HandOut> {
  const { wantsHeaders, maxRecords, readsCommitted } = options;
  const fromOffset = reader.offset;
  const end = readsCommitted ? part.lastStableOffset : part.highWatermark;
  let size = 0;
  const chunks = readRecords(part.records, {
    fromOffset,
    wantsHeaders,
    maxRecords,
    ...readsCommitted && { aborted: part.aborted },
    maxInflatedBytes: MAX_INFLATED_BYTES,
    checksCrc: true,
    where,
  });
  for (const chunk of chunks) {
    if (reader.isGone) break;
    reader.tellLag(events, end);
    if (chunk.bodies.size > 0) {
      const taken = events.onFetched({ ...chunk, ...reader.partition });
      if (taken) await taken;
      size += chunk.bodies.size;
    }
    if (reader.isGone) break;
    reader.offset = chunk.nextOffset;
  }
  if (reader.offset === fromOffset && !reader.isGone) askForMore(reader, part, where);
  else reader.maxBytes = options.partitionBytes;
  return { size };
}

/** Nothing could be read, because not even the first batch is there as a whole: more is to be fetched at a time. */
function askForMore(reader: PartitionReader, { records }: FetchedPart, where: string): void {
  const needed = firstBatchBytes(records);
  if (needed <= reader.maxBytes && needed !== 0) {
    const text =
      `${where}: nothing can be read at offset ${reader.offset}, though ${records.length} bytes were sent`;
    throw new KafkaError(text, { code: "CORRUPT_RECORD" });
  }
  reader.maxBytes = Math.min(Math.max(reader.maxBytes * 2, needed), MAX_PARTITION_BYTES);
}
