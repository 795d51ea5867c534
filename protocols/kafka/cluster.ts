// The brokers of a cluster: who leads what, and one connection to each.
import { call, readVersions } from "./api.ts";
import type { KafkaTarget } from "./client.ts";
import { BrokerConnection } from "./connection.ts";
import { KafkaError, kafkaError } from "./kafka_error.ts";
import { authenticate } from "./sasl.ts";
import { Trouble } from "./trouble.ts";

/** One topic as the brokers describe it. */
export interface TopicMetadata {
  readonly topic: string;
  /** Tells it from a topic of the same name that was made later. */
  readonly topicId: string;
  /** By partition number; the leader is -1 while there is none. */
  readonly partitions: readonly { readonly leader: number; readonly leaderEpoch: number }[];
}

interface KnownTopic extends TopicMetadata {
  readonly askedMs: number;
}

interface MetadataAnswer {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly {
    readonly errorCode: number;
    readonly name: string;
    readonly topicId: string;
    readonly isInternal: boolean;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly leaderId: number;
      readonly leaderEpoch: number;
    }[];
  }[];
}

/** Codes of a topic that is there, or will be in a moment. */
const UNKNOWN_TOPIC_CODE = 3;
const GROUP_KEY = 0;
const TRANSACTION_KEY = 1;

/** The brokers of a cluster. Connections are made when they are needed, and shared. */
export class Cluster {
  readonly target: KafkaTarget;
  /** Shows what goes wrong. */
  readonly trouble: Trouble;
  readonly #topics = new Map<string, KnownTopic>();
  /** Why the brokers tell nothing of topics. */
  readonly #refusals = new Map<string, KafkaError>();
  readonly #addresses = new Map<number, string>();
  readonly #coordinators = new Map<string, number>();
  readonly #connections = new Map<string, Promise<BrokerConnection>>();
  readonly #asking = new Map<string, Promise<MetadataAnswer>>();
  readonly #end = new AbortController();
  /** The bootstrap address that worked last. */
  #bootstrap = 0;

  constructor(target: KafkaTarget) {
    this.target = target;
    this.trouble = new Trouble(target);
  }

  /** Metadata of topics, asked for when they are too old; a topic that is not there is absent. */
  async topics(
    names: readonly string[],
    { refresh = false, creates = false } = {},
  ): Promise<ReadonlyMap<string, TopicMetadata>> {
    const oldestMs = Date.now() - this.target.metadataAgeMs;
    const wanted = refresh
      ? names
      : names.filter((name) => (this.#topics.get(name)?.askedMs ?? 0) < oldestMs);
    if (wanted.length > 0) await this.#ask(wanted, creates);
    const known = names.map((name) => this.#topics.get(name)).filter((topic) => topic !== undefined);
    return new Map(known.map((topic) => [topic.topic, topic]));
  }

  /** What is known of a topic without asking. */
  known(topic: string): TopicMetadata | undefined {
    return this.#topics.get(topic);
  }

  /** Why the brokers tell nothing of a topic, which may be there: its name is none, or the user may not know of it. */
  refusal(topic: string): KafkaError | undefined {
    return this.#refusals.get(topic);
  }

  /** All topics but Kafka's own. */
  async allTopics(): Promise<readonly TopicMetadata[]> {
    const { topics } = await this.#ask(null, false);
    const shown = topics.filter(({ isInternal, errorCode }) => !isInternal && errorCode === 0);
    return shown.map(({ name }) => this.#topics.get(name)!);
  }

  /** The connection to a broker, which is shared. */
  async broker(nodeId: number): Promise<BrokerConnection> {
    return await this.#shared(await this.#addressOf(nodeId));
  }

  /** A connection of its own, for requests that the broker may hold back; the caller closes it. */
  async dedicated(
    nodeId: number,
    requestTimeoutMs = this.target.requestTimeoutMs,
  ): Promise<BrokerConnection> {
    return await this.#open(await this.#addressOf(nodeId), requestTimeoutMs);
  }

  /** A connection to any broker that can be reached. */
  async any(): Promise<BrokerConnection> {
    const { brokers } = this.target;
    const faults: unknown[] = [];
    const known = [...this.#addresses.values()].filter((address) => !brokers.includes(address));
    for (let at = 0; at < brokers.length + known.length; at++) {
      const address = at < brokers.length
        ? brokers[(this.#bootstrap + at) % brokers.length]!
        : known[at - brokers.length]!;
      try {
        const connection = await this.#shared(address);
        if (at < brokers.length) this.#bootstrap = (this.#bootstrap + at) % brokers.length;
        return connection;
      } catch (cause) {
        if (this.#end.signal.aborted) throw cause;
        faults.push(cause);
      }
    }
    if (faults.length === 1) throw faults[0];
    const causes = new AggregateError(faults);
    const text = `No broker of ${brokers.join(", ")} can be reached: ${(faults[0] as Error).message}`;
    throw new KafkaError(text, { code: (faults[0] as KafkaError).code, canRetry: true, cause: causes });
  }

  /** The broker that looks after a group or a transactional id. */
  async coordinator(kind: "group" | "transaction", key: string): Promise<BrokerConnection> {
    return await this.broker(await this.coordinatorNode(kind, key));
  }

  /** Which broker that is; for a connection of its own, because a JoinGroup holds up all that follows it. */
  async coordinatorNode(kind: "group" | "transaction", key: string): Promise<number> {
    const known = this.#coordinators.get(`${kind}:${key}`);
    if (known !== undefined) return known;
    const connection = await this.any();
    const keyType = kind === "group" ? GROUP_KEY : TRANSACTION_KEY;
    const { coordinators } = await call<{
      coordinators: readonly { nodeId: number; host: string; port: number; errorCode: number }[];
    }>(connection, { name: "FindCoordinator", args: [keyType, [key]] });
    const [found] = coordinators;
    if (!found) throw kafkaError("COORDINATOR_NOT_AVAILABLE", `FindCoordinator to ${connection.name}`);
    this.#addresses.set(found.nodeId, join(found));
    this.#coordinators.set(`${kind}:${key}`, found.nodeId);
    return found.nodeId;
  }

  /** Lets what is known be asked for again. */
  forget(what: { readonly topic: string } | { readonly coordinator: string }): void {
    if ("topic" in what) this.#topics.delete(what.topic);
    else {for (const kind of ["group", "transaction"]) {
        this.#coordinators.delete(`${kind}:${what.coordinator}`);
      }}
  }

  /** Lets all topics be asked for again. */
  forgetAll(): void {
    this.#topics.clear();
  }

  /**
   * Tries until it succeeds; waits between tries, and tells of the trouble.
   * @throws what it failed with, when trying again cannot help or the signal aborts.
   */
  async retry<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    return await this.trouble.retry(AbortSignal.any([signal, this.#end.signal]), attempt);
  }

  close(): void {
    this.#end.abort(new KafkaError("The client was closed", { code: "CLOSED" }));
    for (const connection of this.#connections.values()) connection.then((open) => open.close(), () => {});
    this.#connections.clear();
    this.trouble.close();
  }

  async #ask(names: readonly string[] | null, creates: boolean): Promise<MetadataAnswer> {
    const key = JSON.stringify([names, creates]);
    const asking = this.#asking.get(key) ??
      this.#askNow(names, creates).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return await asking;
  }

  async #askNow(names: readonly string[] | null, creates: boolean): Promise<MetadataAnswer> {
    const connection = await this.any();
    const answer = await call<MetadataAnswer>(connection, { name: "Metadata", args: [names, creates, false] })
      // Some topics may be unknown: what the answer says of the others is wanted all the same.
      .catch((cause: KafkaError) => answerIn(cause));
    for (const broker of answer.brokers) this.#addresses.set(broker.nodeId, join(broker));
    for (const topic of answer.topics) this.#note(topic);
    return answer;
  }

  #note({ errorCode, name, topicId, partitions }: MetadataAnswer["topics"][number]): void {
    this.#noteRefusal(name, errorCode);
    // Without a leader for the moment (5) it is there all the same.
    if (errorCode === UNKNOWN_TOPIC_CODE) return void this.#topics.delete(name);
    if (errorCode !== 0 && partitions.length === 0) return void this.#topics.delete(name);
    const ordered: { leader: number; leaderEpoch: number }[] = [];
    for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
      ordered[partitionIndex] = { leader: leaderId, leaderEpoch };
    }
    this.#topics.set(name, { topic: name, topicId, partitions: ordered, askedMs: Date.now() });
  }

  #noteRefusal(topic: string, errorCode: number): void {
    this.#refusals.delete(topic);
    if (errorCode === 0) return;
    const { code, canRetry, message } = kafkaError(errorCode, `Topic "${topic}"`);
    // Rights may be granted at any time.
    if (!canRetry) this.#refusals.set(topic, new KafkaError(message, { code, canRetry: true }));
  }

  async #addressOf(nodeId: number): Promise<string> {
    if (!this.#addresses.has(nodeId)) await this.#ask([], false);
    const address = this.#addresses.get(nodeId);
    if (address !== undefined) return address;
    throw kafkaError(nodeId < 0 ? "LEADER_NOT_AVAILABLE" : "BROKER_NOT_AVAILABLE", `Broker ${nodeId}`);
  }

  async #shared(address: string): Promise<BrokerConnection> {
    const known = await this.#connections.get(address)?.catch(() => undefined);
    if (known?.isOpen) return known;
    const underWay = this.#connections.get(address);
    // Somebody else may have begun to connect meanwhile.
    if (underWay && !(await underWay.then(({ isOpen }) => !isOpen, () => true))) return await underWay;
    const opening = this.#open(address);
    opening.catch(() => this.#connections.get(address) === opening && this.#connections.delete(address));
    this.#connections.set(address, opening);
    return await opening;
  }

  async #open(address: string, requestTimeoutMs?: number): Promise<BrokerConnection> {
    const { signal } = this.#end;
    signal.throwIfAborted();
    const target = requestTimeoutMs === undefined ? this.target : { ...this.target, requestTimeoutMs };
    const connection = await BrokerConnection.open(address, target, signal);
    try {
      connection.versions = await readVersions(connection);
      if (this.target.sasl) await authenticate(connection, this.target.sasl);
      signal.throwIfAborted();
      return connection;
    } catch (cause) {
      connection.close();
      throw cause;
    }
  }
}

function join({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function answerIn(cause: KafkaError): MetadataAnswer {
  const answer = (cause.cause as { response?: MetadataAnswer } | undefined)?.response;
  if (answer) return answer;
  throw cause;
}
