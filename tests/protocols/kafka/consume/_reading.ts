import { Admin, Producer, stringSerializers } from "@platformatic/kafka";
import type {
  CommittedOffset,
  ConsumerEvents,
  ConsumerOptions,
  FetchedRecords,
  KafkaConsumer,
  KafkaTarget,
  Partition,
} from "../../../../protocols/kafka/client.ts";
import { Cluster } from "../../../../protocols/kafka/cluster.ts";
import { createConsumer } from "../../../../protocols/kafka/consume/consumer.ts";

const TEXT = new TextDecoder();

/** A member with its own connections that takes, settles and commits all it reads, and keeps what happened. */
export class Reading implements ConsumerEvents {
  readonly texts: string[] = [];
  /** What was told, in order: "assigned app/0", "revoked app/0", "lost app/0", "rebalanced", "reset app/0 7 0". */
  readonly told: string[] = [];
  readonly troubles: Error[] = [];
  readonly lags = new Map<string, number>();
  readonly cluster: Cluster;
  readonly consumer: KafkaConsumer;
  readonly ended: Promise<void>;
  /** Holds up `onFetched` while it is there. */
  gate: Promise<void> | undefined;
  /** Memory that chunks are in which have not been taken, with their number. */
  readonly held = new Map<ArrayBufferLike, number>();
  readonly committed = new Map<string, CommittedOffset | undefined>();
  readonly topicIds = new Map<string, string | undefined>();
  /** Where partitions are to begin, by name. */
  readonly starts: ReadonlyMap<string, number>;
  readonly #end = new AbortController();
  readonly #next = new Map<string, Partition & CommittedOffset>();
  #commits: Promise<void> = Promise.resolve();

  constructor(
    brokers: string,
    options: Partial<ConsumerOptions> & Pick<ConsumerOptions, "group">,
    { starts = new Map(), target = {} }: {
      readonly starts?: ReadonlyMap<string, number>;
      readonly target?: Partial<KafkaTarget>;
    } = {},
  ) {
    const onTrouble = (cause: Error | undefined) => void (cause && this.troubles.push(cause));
    this.starts = starts;
    this.cluster = new Cluster({ ...TARGET, brokers: brokers.split(","), onTrouble, ...target });
    this.consumer = createConsumer(this.cluster, { ...OPTIONS, ...options });
    this.ended = this.consumer.run(this, this.#end.signal);
    this.ended.catch(() => {});
  }

  get assigned(): string[] {
    return [...this.committed.keys()].sort();
  }

  onAssigned(partition: Partition, committed: CommittedOffset | undefined): number | undefined {
    const name = nameOf(partition);
    this.told.push(`assigned ${name}`);
    this.committed.set(name, committed);
    this.topicIds.set(name, partition.topicId);
    return this.starts.get(name);
  }

  async onFetched(fetched: FetchedRecords): Promise<void> {
    const { bodies: { block, starts, ends, size }, nextOffset } = fetched;
    this.#hold(block.buffer, 1);
    await this.gate;
    this.#hold(block.buffer, -1);
    if (!this.committed.has(nameOf(fetched))) return;
    for (let at = 0; at < size; at++) this.texts.push(TEXT.decode(block.subarray(starts[at], ends[at])));
    const { topic, partition, topicId } = fetched;
    this.#next.set(nameOf(fetched), { topic, partition, topicId, offset: nextOffset, metadata: "read" });
  }

  async onRevoked(partitions: readonly Partition[]): Promise<void> {
    await this.commit();
    for (const partition of partitions) this.#gone("revoked", partition);
  }

  onLost(partitions: readonly Partition[]): void {
    for (const partition of partitions) this.#gone("lost", partition);
  }

  onLag(partition: Partition, lag: number): void {
    this.lags.set(nameOf(partition), lag);
  }

  onRebalanced(): void {
    this.told.push("rebalanced");
  }

  onReset(partition: Partition, from: number, to: number): void {
    this.told.push(`reset ${nameOf(partition)} ${from} ${to}`);
  }

  /** Commits what was read since the last time. */
  async commit(): Promise<void> {
    this.#commits = this.#commits.then(async () => {
      const offsets = [...this.#next.values()];
      this.#next.clear();
      if (offsets.length > 0) await this.consumer.commit(offsets);
    });
    await this.#commits;
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.ended.finally(() => this.cluster.close());
  }

  /** Vanishes without a word. */
  async crash(): Promise<void> {
    this.cluster.close();
    this.#end.abort();
    await this.ended.catch(() => {});
  }

  #hold(memory: ArrayBufferLike, more: number): void {
    const left = (this.held.get(memory) ?? 0) + more;
    if (left > 0) this.held.set(memory, left);
    else this.held.delete(memory);
  }

  #gone(how: string, partition: Partition): void {
    this.told.push(`${how} ${nameOf(partition)}`);
    this.committed.delete(nameOf(partition));
    this.#next.delete(nameOf(partition));
  }
}

function nameOf({ topic, partition }: Partition): string {
  return `${topic}/${partition}`;
}

const TARGET: Omit<KafkaTarget, "brokers" | "onTrouble"> = {
  clientId: "test",
  connectTimeoutMs: 5000,
  requestTimeoutMs: 5000,
  retryMs: 20,
  maxRetryMs: 500,
  metadataAgeMs: 300,
  maxFrameBytes: 64 * 1024 * 1024,
};

const OPTIONS: Omit<ConsumerOptions, "group"> = {
  topics: [],
  protocol: "classic",
  assignors: ["range"],
  sessionTimeoutMs: 6000,
  heartbeatMs: 50,
  rebalanceTimeoutMs: 6000,
  offsetReset: "earliest",
  readsCommitted: false,
  fetchBytes: 1024 * 1024,
  partitionBytes: 256 * 1024,
  fetchMinBytes: 1,
  fetchWaitMs: 100,
  maxRecords: 1000,
  wantsHeaders: false,
};

/** Makes topics and fills them, with the library's own clients. */
export class Topics {
  readonly #admin: Admin;
  readonly #producer: Producer<string, string, string, string>;

  constructor(brokers: string) {
    const base = { clientId: "test", bootstrapBrokers: brokers.split(","), retryDelay: 20 };
    this.#admin = new Admin(base);
    this.#producer = new Producer({ ...base, serializers: stringSerializers });
  }

  async create(
    topic: string,
    partitions = 1,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await this.#admin.createTopics({ topics: [topic], partitions, replicas: 1, configs });
  }

  /** Adds partitions at the only broker. */
  async grow(
    topic: string,
    { from, to: count }: { readonly from: number; readonly to: number },
  ): Promise<void> {
    const assignments = Array.from({ length: count - from }, () => ({ brokerIds: [1] }));
    await this.#admin.createPartitions({ topics: [{ name: topic, count, assignments }] });
  }

  async delete(topic: string): Promise<void> {
    await this.#admin.deleteTopics({ topics: [topic] });
  }

  async send(topic: string, texts: readonly string[], partition = 0): Promise<void> {
    await this.#producer.send({ messages: texts.map((value) => ({ topic, partition, value })), acks: -1 });
  }

  async close(): Promise<void> {
    await this.#producer.close();
    await this.#admin.close();
  }
}

/** Sends texts in one transaction, which is then committed, aborted, or left open until the answer is called. */
export async function sendTransaction(
  brokers: string,
  topic: string,
  { texts, ending }: { readonly texts: readonly string[]; readonly ending: "commit" | "abort" | "open" },
): Promise<() => Promise<void>> {
  const producer = new Producer({
    clientId: "test",
    bootstrapBrokers: brokers.split(","),
    retryDelay: 20,
    idempotent: true,
    transactionalId: `${topic}-${ending}`,
    serializers: stringSerializers,
  });
  const transaction = await producer.beginTransaction();
  await transaction.send({ messages: texts.map((value) => ({ topic, partition: 0, value })) });
  const close = async () => {
    await (ending === "abort" ? transaction.abort() : transaction.commit());
    await producer.close();
  };
  if (ending === "open") return close;
  await close();
  return () => Promise.resolve();
}

/** Different texts. */
export function numbered(name: string, size: number): string[] {
  return Array.from({ length: size }, (_, at) => `${name}-${at}`);
}
