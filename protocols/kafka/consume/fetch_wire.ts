// Fetch (protocol guide, API 1, versions 12–17). The answer is read here and not by the library, so that the bytes of the
// events stay where the connection has put them.
import * as library from "@platformatic/kafka";
import { apiVersion } from "../api.ts";
import type { BrokerConnection } from "../connection.ts";
import { ByteReader } from "./byte_reader.ts";

const FETCH = 1;
const OLDEST = 12;
const NEWEST = 17;
/** From here on topics are named by their ids. */
const WITH_IDS = 13;
const NO_EPOCH = -1;

/** What is wanted of one partition. */
export interface WantedPart {
  readonly topic: string;
  readonly topicId?: string | undefined;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly offset: number;
  readonly maxBytes: number;
}

/** One request to one broker. */
export interface FetchRequest {
  readonly parts: readonly WantedPart[];
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly readsCommitted: boolean;
}

/** What a broker answers for one partition. */
export interface FetchedPart {
  /** A name, or an id. */
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** Behind the last record that all replicas in sync have … */
  readonly highWatermark: number;
  /** … and before the first transaction that is open. */
  readonly lastStableOffset: number;
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  /** Record batches; the last may be cut off. Part of the answer's bytes. */
  readonly records: Uint8Array;
}

/** A whole answer. */
export interface FetchAnswer {
  /** Of the request itself; 0 is none. */
  readonly errorCode: number;
  readonly parts: readonly FetchedPart[];
  /** What the answer holds in memory. */
  readonly bytes: number;
}

/** Sends it, without a fetch session; an answer has at most one batch more than `maxBytes`. */
export async function fetchParts(connection: BrokerConnection, request: FetchRequest): Promise<FetchAnswer> {
  const hasIds = request.parts.every(({ topicId }) => topicId !== undefined);
  const version = apiVersion(connection, "Fetch", { min: OLDEST, max: hasIds ? NEWEST : WITH_IDS - 1 });
  const parts = encodeFetch(request, version);
  const body = await connection.request({ apiKey: FETCH, apiVersion: version, parts, isFlexible: true });
  return decodeFetch(body, version);
}

interface FetchWriter {
  createRequest(...args: readonly unknown[]): { readonly buffers: readonly Uint8Array[] };
}

function encodeFetch(request: FetchRequest, version: number): readonly Uint8Array[] {
  const writer = (library as unknown as Record<string, FetchWriter>)[`fetchV${version}`]!;
  const topics = [...Map.groupBy(request.parts, ({ topic }) => topic)].map(([topic, parts]) => ({
    // The library's version 12 takes the name here.
    topicId: version < WITH_IDS ? topic : parts[0]!.topicId,
    partitions: parts.map(({ partition, leaderEpoch, offset, maxBytes }) => ({
      partition,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: NO_EPOCH,
      partitionMaxBytes: maxBytes,
    })),
  }));
  const { maxWaitMs, minBytes, maxBytes, readsCommitted } = request;
  const limits = [maxWaitMs, minBytes, maxBytes, readsCommitted ? 1 : 0];
  const withoutSession = [0, -1];
  return writer.createRequest(...limits, ...withoutSession, topics, [], "").buffers;
}

// Fetch answer, versions 12–17 (compact arrays, tags at the end of each structure):
//   INT32 throttle ms | INT16 error | INT32 session | [topic name or UUID | [
//     INT32 partition | INT16 error | INT64 high watermark | INT64 last stable offset | INT64 log start |
//     [INT64 producer | INT64 first offset] aborted | INT32 replica to read from | records ]]
export function decodeFetch(body: Uint8Array, version: number): FetchAnswer {
  const reader = new ByteReader(body);
  reader.int32();
  const errorCode = reader.int16();
  reader.int32();
  const topics = reader.compactArray(() => {
    const topic = version >= WITH_IDS ? reader.uuid() : reader.compactText();
    return reader.compactArray(() => decodePart(reader, topic));
  });
  return { errorCode, parts: topics.flat(), bytes: body.length };
}

function decodePart(reader: ByteReader, topic: string): FetchedPart {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.offset();
  const lastStableOffset = reader.offset();
  reader.int64();
  const aborted = reader.compactArray(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }));
  reader.int32();
  const records = reader.bytes(Math.max(reader.unsignedVarint() - 1, 0));
  return { topic, partition, errorCode, highWatermark, lastStableOffset, aborted, records };
}
