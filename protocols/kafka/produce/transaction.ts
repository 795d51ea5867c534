// Transactions (KIP-98), as Kafka's brokers from 2.5 on understand them: partitions are announced before anything is sent to
// them, offsets are noted in a group, and the end decides over all of it.
import { type ApiLimits, call } from "../api.ts";
import type { GroupNote } from "../client.ts";
import type { Cluster } from "../cluster.ts";
import type { BrokerConnection } from "../connection.ts";
import { KafkaError } from "../kafka_error.ts";
import type { Lane } from "./lane.ts";
import type { ProducerIdentity } from "./producer_identity.ts";

/** The brokers do not know a partition, or not yet. */
const UNKNOWN = "UNKNOWN_TOPIC_OR_PARTITION";

/** A partition that a request names. */
interface Place {
  readonly topic: string;
  readonly partition: number;
}

interface Request {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly limits: ApiLimits;
  readonly places?: readonly Place[];
}

/** Who writes a transaction. */
export interface TransactionOwner {
  readonly cluster: Cluster;
  readonly transactionalId: string;
  readonly identity: ProducerIdentity;
  readonly signal: AbortSignal;
}

/** The brokers' part of the transaction that is under way. */
export class Transaction {
  readonly #owner: TransactionOwner;
  readonly #lanes = new Set<Lane>();
  #hasOffsets = false;

  constructor(owner: TransactionOwner) {
    this.#owner = owner;
  }

  has(lane: Lane): boolean {
    return this.#lanes.has(lane);
  }

  /** Nothing was sent: there is nothing to end. */
  get isEmpty(): boolean {
    return this.#lanes.size === 0 && !this.#hasOffsets;
  }

  /** Announces partitions. */
  async add(lanes: readonly Lane[]): Promise<void> {
    const { transactionalId, identity } = this.#owner;
    const topics = Array.from(Map.groupBy(lanes, ({ topic }) => topic), ([name, own]) => {
      return { name, partitions: own.map(({ partition }) => partition) };
    });
    await this.#ask({
      name: "AddPartitionsToTxn",
      args: [[{ transactionalId, ...identity, topics, verifyOnly: false }]],
      limits: { max: 3 },
      places: lanes,
    });
    for (const lane of lanes) this.#lanes.add(lane);
  }

  /** Notes offsets of a group in the transaction. */
  async note(group: string, notes: readonly GroupNote[]): Promise<void> {
    const { transactionalId, identity: { producerId, producerEpoch } } = this.#owner;
    await this.#ask({
      name: "AddOffsetsToTxn",
      args: [transactionalId, producerId, producerEpoch, group],
      limits: { max: 3 },
    });
    this.#hasOffsets = true;
    const topics = Array.from(Map.groupBy(notes, ({ topic }) => topic), ([name, own]) => {
      return { name, partitions: own.map(partitionNote) };
    });
    const args = [transactionalId, group, producerId, producerEpoch, -1, "", null, topics];
    await this.#askGroup(group, { name: "TxnOffsetCommit", args, limits: { max: 3 }, places: notes });
  }

  async end(isCommit: boolean): Promise<void> {
    if (this.isEmpty) return;
    const { transactionalId, identity: { producerId, producerEpoch } } = this.#owner;
    await this.#ask({
      name: "EndTxn",
      args: [transactionalId, producerId, producerEpoch, isCommit],
      limits: { max: 3 },
    });
  }

  async #ask(request: Request): Promise<void> {
    const { cluster, transactionalId } = this.#owner;
    await this.#retry(transactionalId, () => cluster.coordinator("transaction", transactionalId), request);
  }

  async #askGroup(group: string, request: Request): Promise<void> {
    await this.#retry(group, () => this.#owner.cluster.coordinator("group", group), request);
  }

  async #retry(
    key: string,
    connect: () => Promise<BrokerConnection>,
    request: Request,
  ): Promise<void> {
    const { cluster, signal } = this.#owner;
    await cluster.retry(signal, async () => {
      try {
        await call(await connect(), request);
      } catch (cause) {
        if (cause instanceof KafkaError && cause.isStale) cluster.forget({ coordinator: key });
        if (cause instanceof KafkaError && cause.code === UNKNOWN) await refuseGone(cluster, request.places);
        throw cause;
      }
    });
  }
}

/**
 * Asks for topics anew. One that is not there may come again; a partition that its topic does not have never will.
 * @throws {KafkaError} for such a partition.
 */
async function refuseGone(cluster: Cluster, places: readonly Place[] = []): Promise<void> {
  const names = [...new Set(places.map(({ topic }) => topic))];
  const topics = await cluster.topics(names, { refresh: true, creates: true });
  const gone = places.find(({ topic, partition }) =>
    partition >= (topics.get(topic)?.partitions.length ?? Infinity)
  );
  if (!gone) return;
  const { topic, partition } = gone;
  const text = `There is no ${topic}/${partition} any more: the topic was made again with fewer partitions`;
  throw new KafkaError(text, { code: "UNKNOWN_TOPIC", canRetry: false });
}

function partitionNote({ partition, offset, metadata }: GroupNote) {
  return {
    partitionIndex: partition,
    committedOffset: BigInt(offset),
    committedLeaderEpoch: -1,
    committedMetadata: metadata,
  };
}

/** Reads what a group has noted, as soon as no transaction over it is open. */
export async function readNotes(cluster: Cluster, group: string, topic: string): Promise<GroupNote[]> {
  const connection = await cluster.coordinator("group", group);
  const partitionIndexes = Array.from({ length: MAX_NOTES }, (_, partition) => partition);
  const { groups } = await call<OffsetAnswer>(connection, {
    name: "OffsetFetch",
    args: [[{ groupId: group, topics: [{ name: topic, partitionIndexes }] }], true],
    limits: { max: 8 },
  });
  const partitions = groups[0]?.topics[0]?.partitions ?? [];
  const noted = partitions.filter(({ committedOffset }) => committedOffset >= 0n);
  return noted.map(({ partitionIndex, committedOffset, metadata }) => {
    return { topic, partition: partitionIndex, offset: Number(committedOffset), metadata: metadata ?? "" };
  });
}

/** Notes of a group are looked for at partitions below this one. */
export const MAX_NOTES = 256;

interface OffsetAnswer {
  readonly groups: readonly {
    readonly topics: readonly {
      readonly partitions: readonly {
        readonly partitionIndex: number;
        readonly committedOffset: bigint;
        readonly metadata: string | null;
      }[];
    }[];
  }[];
}
