// What members of a classic group write to each other through the broker (ConsumerProtocolSubscription and
// ConsumerProtocolAssignment of Kafka's consumer protocol, version 0; later versions only add to its end):
//   subscription  INT16 version | INT32 n, n × (INT16 length, topic) | BYTES user (INT32 -1: none)
//   assignment    INT16 version | INT32 n, n × (INT16 length, topic, INT32 m, m × INT32 partition) | BYTES user
import { Writer } from "@platformatic/kafka";
import { ByteReader } from "./byte_reader.ts";

const VERSION = 0;

/** Says which topics a member wants. */
export function encodeSubscription(topics: readonly string[]): Uint8Array {
  return Writer.create()
    .appendInt16(VERSION)
    .appendArray([...topics], (writer, topic) => void writer.appendString(topic, false), false, false)
    .appendInt32(-1)
    .buffer;
}

/** @throws {KafkaError} when it is cut off. */
export function decodeSubscription(bytes: Uint8Array): string[] {
  const reader = new ByteReader(bytes);
  reader.int16();
  return reader.array(() => reader.text());
}

/** Says which partitions a member gets. */
export function encodeAssignment(share: ReadonlyMap<string, readonly number[]>): Uint8Array {
  const writePartitions = (writer: Writer, [topic, partitions]: [string, readonly number[]]) => {
    writer.appendString(topic, false);
    writer.appendArray(
      [...partitions],
      (writer, partition) => void writer.appendInt32(partition),
      false,
      false,
    );
  };
  return Writer.create()
    .appendInt16(VERSION)
    .appendArray([...share], writePartitions, false, false)
    .appendInt32(-1)
    .buffer;
}

/** A member that is to read nothing may get no bytes at all. @throws {KafkaError} when it is cut off. */
export function decodeAssignment(
  bytes: Uint8Array,
): { readonly topic: string; readonly partition: number }[] {
  if (bytes.length === 0) return [];
  const reader = new ByteReader(bytes);
  reader.int16();
  const topics = reader.array(() => ({
    topic: reader.text(),
    partitions: reader.array(() => reader.int32()),
  }));
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}
