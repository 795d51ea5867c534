// Produce, version 9 (protocol guide, "Produce API (Key: 0)"): the batches go onto the wire as they are.
import { Buffer } from "node:buffer";
import { type Reader, Writer } from "@platformatic/kafka";
import { apiVersion } from "../api.ts";
import type { BrokerConnection } from "../connection.ts";
import { readerOf } from "../connection.ts";
import { fromLibraryError } from "../kafka_error.ts";

const PRODUCE = 0;
/** Later ones put the leader of a partition into tags, which the library's reader takes to be empty. */
const VERSIONS = { min: 9, max: 9 };

/** One batch for one partition. */
export interface ProduceBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Uint8Array;
}

/** What goes out at once; one batch for a partition at most. */
export interface ProduceCall {
  readonly batches: readonly ProduceBatch[];
  readonly acks: -1 | 0 | 1;
  /** How long the leader may wait for its replicas. */
  readonly timeoutMs: number;
  readonly transactionalId?: string | undefined;
}

/** What a broker says of one partition. */
export interface ProduceAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly detail: string | null;
  /** Places of the records that made the broker refuse the batch; often none are named. */
  readonly refused: readonly number[];
}

/**
 * Sends batches; resolves with an answer for each partition, or with nothing when acks are 0.
 * @throws {KafkaError} when the connection breaks or no answer comes in time.
 */
export async function produce(
  connection: BrokerConnection,
  call: ProduceCall,
): Promise<readonly ProduceAnswer[]> {
  const version = apiVersion(connection, "Produce", VERSIONS);
  const hasAnswer = call.acks !== 0;
  const parts = encodeCall(call);
  const body = await connection.request({
    apiKey: PRODUCE,
    apiVersion: version,
    parts,
    isFlexible: true,
    hasAnswer,
  });
  try {
    return hasAnswer ? decodeAnswer(readerOf(body)) : [];
  } catch (cause) {
    throw fromLibraryError(cause, `The answer to Produce of ${connection.name} cannot be read`);
  }
}

/*
 * COMPACT_NULLABLE_STRING transactional id · INT16 acks · INT32 timeout · topics · tags
 * topic      COMPACT_STRING name · partitions · tags
 * partition  INT32 index · UNSIGNED_VARINT bytes + 1, batch · tags
 */
function encodeCall({ batches, acks, timeoutMs, transactionalId }: ProduceCall): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const topics = Map.groupBy(batches, ({ topic }) => topic);
  let writer = Writer.create().appendString(transactionalId ?? null).appendInt16(acks).appendInt32(timeoutMs)
    .appendUnsignedVarInt(topics.size + 1);
  for (const [topic, own] of topics) {
    writer.appendString(topic).appendUnsignedVarInt(own.length + 1);
    for (const { partition, bytes } of own) {
      parts.push(writer.appendInt32(partition).appendUnsignedVarInt(bytes.length + 1).buffer, bytes);
      writer = Writer.create().appendTaggedFields();
    }
    writer.appendTaggedFields();
  }
  parts.push(writer.appendTaggedFields().buffer);
  return parts.map((part) =>
    Buffer.isBuffer(part) ? new Uint8Array(part.buffer, part.byteOffset, part.length) : part
  );
}

/*
 * topics · INT32 throttle · tags
 * partition  INT32 index · INT16 error · INT64 base offset · INT64 append time · INT64 log start · record errors
 *            · COMPACT_NULLABLE_STRING text · tags
 */
function decodeAnswer(reader: Reader): ProduceAnswer[] {
  return reader.readArray((topicReader) => {
    const topic = topicReader.readString();
    return topicReader.readArray((partitionReader) => readPartition(partitionReader, topic));
  }).flat();
}

function readPartition(reader: Reader, topic: string): ProduceAnswer {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  for (let skipped = 0; skipped < 3; skipped++) reader.readInt64();
  const errors = reader.readArray((errorReader) => {
    return { place: errorReader.readInt32(), text: errorReader.readNullableString() };
  });
  const text = reader.readNullableString();
  const detail = errors.find((error) => error.text)?.text ?? text ?? null;
  return { topic, partition, errorCode, detail, refused: errors.map(({ place }) => place) };
}
