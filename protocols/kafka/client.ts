// What Sluice asks of a Kafka client. Two stand behind it: `platformatic` (its protocol layer, our connections, batches and
// delivery) and `kafkajs` (the whole library).

/** A column of texts: one for all events, or one (or none) for each. */
export type TextColumn = string | readonly (string | undefined)[];

/** Where the brokers are and how they are spoken to. */
export interface KafkaTarget {
  /** host:port, one at least. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls?: KafkaTls | undefined;
  readonly sasl?: KafkaSasl | undefined;
  /** For connecting, TLS and SASL together. */
  readonly connectTimeoutMs: number;
  /** For the answer to one request. */
  readonly requestTimeoutMs: number;
  /** The wait after a failure, which doubles up to `maxRetryMs`. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** Metadata older than this are asked for again. */
  readonly metadataAgeMs: number;
  /** A broker that answers with more is not trusted. */
  readonly maxFrameBytes: number;
  /** Tells of trouble that is being tried again, and with undefined that it is over. */
  onTrouble(cause: Error | undefined): void;
}

/** TLS towards the brokers. PEM texts. */
export interface KafkaTls {
  readonly authorities?: readonly string[] | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Of the key, where it is encrypted. */
  readonly passphrase?: string | undefined;
  readonly checksName: boolean;
}

/** Who the client says it is. */
export interface KafkaSasl {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: string;
}

/** A way to the brokers, shared by the producers and consumers that are made from it. */
export interface KafkaClient {
  /** Resolves when the producer can send. A transactional one has then ended what its forerunner left open. */
  producer(options: ProducerOptions, signal: AbortSignal): Promise<KafkaProducer>;
  consumer(options: ConsumerOptions): KafkaConsumer;
  close(): Promise<void>;
}

/** How records are sent. */
export interface ProducerOptions {
  /** Replicas that must confirm: 0 none, 1 the leader, -1 all in sync. */
  readonly acks: -1 | 0 | 1;
  /** Numbered sends, so that the broker knows what comes twice; asks for acks -1. */
  readonly idempotent: boolean;
  readonly compression: "none" | "gzip" | "snappy" | "lz4" | "zstd";
  /** Of the algorithm; undefined: its own. */
  readonly compressionLevel?: number | undefined;
  /** How long a batch that is not full waits for more. */
  readonly lingerMs: number;
  /** A record batch is closed at this size (before compression). */
  readonly batchBytes: number;
  /** Records larger than this are refused here (`max.request.size`). */
  readonly maxRecordBytes: number;
  /** Bytes that are neither sent nor confirmed yet; more make `send` wait. Absent: 32 MiB. */
  readonly bufferBytes?: number | undefined;
  /** Requests on their way to one broker. */
  readonly maxInFlight: number;
  /** A send that is older than this is given up; Infinity: when the signal aborts. */
  readonly deliveryTimeoutMs: number;
  /** Makes the producer transactional. */
  readonly transactionalId?: string | undefined;
  readonly transactionTimeoutMs: number;
}

/** The bytes of events; an `EventBatch` is one. The bytes may be gone once `send` has returned. */
export interface RecordBodies {
  readonly block: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly size: number;
}

/** Records for one partition, in order. */
export interface ProducePart {
  readonly topic: string;
  readonly partition: number;
  readonly bodies: RecordBodies;
  /** Absent: no keys. */
  readonly keys?: TextColumn | undefined;
  /** Sent as UTF-8. */
  readonly headers?: ReadonlyMap<string, TextColumn> | undefined;
  /** Epoch ms: one for all, or one for each. */
  readonly timestamps: number | Float64Array;
}

/** A part that the brokers will never take; places are those in its bodies. */
export interface RefusedPart {
  readonly part: ProducePart;
  readonly indexes: readonly number[];
  readonly reason: string;
}

/** The brokers will never take some records of a send; all others of it were taken. */
export class RecordsRefusedError extends Error {
  override readonly name = "RecordsRefusedError";
  readonly parts: readonly RefusedPart[];

  constructor(message: string, parts: readonly RefusedPart[]) {
    super(message);
    this.parts = parts;
  }
}

/** Where an offset stands; kept in a transaction together with its records. */
export interface GroupNote {
  /** A topic that exists. */
  readonly topic: string;
  /** One that the topic has: brokers refuse others, and the transaction then stays open. */
  readonly partition: number;
  readonly offset: number;
  /** At most 4,096 bytes. */
  readonly metadata: string;
}

/** Sends records. */
export interface KafkaProducer {
  /** @throws {KafkaError} when the topic is unknown. */
  partitionCount(topic: string): Promise<number>;
  /**
   * Copies the records and resolves when there is room for more; `delivered` settles when the brokers have confirmed all
   * of them. Records of a partition keep the order of the calls. What fails for a while is tried again with the same
   * numbers, so that nothing is repeated.
   * @throws {RecordsRefusedError} in `delivered`, when the brokers will never take some of them.
   */
  send(parts: readonly ProducePart[]): Promise<{ readonly delivered: Promise<void> }>;
  /** Sends at once what lingers; resolves when all is confirmed. */
  flush(): Promise<void>;
  /** Begins a transaction: what is sent now belongs to it. Only one at a time. */
  begin(): void;
  /** Flushes, notes the offsets in the group, and commits. A rejection leaves the outcome open: close, and make a new one. */
  commit(group: string, notes: readonly GroupNote[]): Promise<void>;
  abort(): Promise<void>;
  /** What a group has noted for a topic, by partition. */
  notes(group: string, topic: string): Promise<readonly GroupNote[]>;
  /** Gives up what is under way. */
  close(): Promise<void>;
}

/** How records are read. */
export interface ConsumerOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Wins over topics. */
  readonly pattern?: RegExp | undefined;
  /** A member that is known again by this name after a restart. */
  readonly instanceId?: string | undefined;
  /** `consumer` is the group protocol of Kafka 4. */
  readonly protocol: "classic" | "consumer";
  readonly assignors: readonly ("range" | "roundrobin")[];
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Where a partition begins for which neither the group nor the reader knows an offset. `none`: an error. */
  readonly offsetReset: "earliest" | "latest" | "none";
  readonly readsCommitted: boolean;
  /** Bytes of one fetch from one broker … */
  readonly fetchBytes: number;
  /** … and of one partition in it. */
  readonly partitionBytes: number;
  readonly fetchMinBytes: number;
  readonly fetchWaitMs: number;
  /** Records in one chunk at most. */
  readonly maxRecords: number;
  /** Headers are read only where they are wanted. */
  readonly wantsHeaders: boolean;
}

/** A partition, and what is known of it. */
export interface Partition {
  readonly topic: string;
  readonly partition: number;
  /** Tells a topic from one of the same name that was made later; undefined where the client cannot say. */
  readonly topicId?: string | undefined;
}

/** What the group has noted. */
export interface CommittedOffset {
  readonly offset: number;
  readonly metadata: string;
}

/** Records of one partition, in order. The bytes are theirs for good: whoever holds on to them need not copy them. */
export interface FetchedRecords extends Partition {
  readonly bodies: RecordBodies;
  /** Offset of each record. */
  readonly offsets: Float64Array;
  /** Epoch ms of each record. */
  readonly timestamps: Float64Array;
  /** Absent: no record has one. */
  readonly keys?: TextColumn | undefined;
  readonly headers?: ReadonlyMap<string, TextColumn> | undefined;
  /** Places of records without a value (tombstones); their bodies are empty. */
  readonly nulls?: readonly number[] | undefined;
  /** Where reading goes on; behind the last offset, further where markers or aborted records follow. */
  readonly nextOffset: number;
}

/** What a consumer tells its owner. No two calls for one partition run at once. */
export interface ConsumerEvents {
  /** Answers at which offset to begin; undefined: at the committed one, or where `offsetReset` says. */
  onAssigned(partition: Partition, committed: CommittedOffset | undefined): number | undefined;
  /** Resolves when more of this partition may come. Never called for a partition that was taken away. */
  onFetched(records: FetchedRecords): Promise<void> | void;
  /** The partitions go to others: resolves when all that was fetched of them is settled and committed. */
  onRevoked(partitions: readonly Partition[]): Promise<void>;
  /** The partitions are gone already: nothing can be committed any more. */
  onLost(partitions: readonly Partition[]): void;
  /** How many records of a partition are still to be read. */
  onLag(partition: Partition, lag: number): void;
  /** The group has distributed its partitions anew. */
  onRebalanced(assigned: readonly Partition[]): void;
  /** How long one fetch or commit took, for metrics. */
  onRequest?(kind: "fetch" | "commit", ms: number, records: number): void;
  /** The offset is not there any more: reading goes on at `to`. */
  onReset?(partition: Partition, from: number, to: number): void;
  /** No offset was known, or it is not there any more: reading begins at this one, which the group should note. */
  onBegin?(partition: Partition, offset: number): void;
}

/** Reads records as a member of a group. */
export interface KafkaConsumer {
  /** Runs until the signal aborts; leaves the group after `onRevoked`. Tries again by itself what fails for a while. */
  run(events: ConsumerEvents, signal: AbortSignal): Promise<void>;
  /** Notes offsets (of the next record) in the group. Rejects when the partition is not ours any more. */
  commit(offsets: readonly (Partition & CommittedOffset)[]): Promise<void>;
}
