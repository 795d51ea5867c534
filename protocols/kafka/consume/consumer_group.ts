// The group protocol of Kafka 4 (KIP-848): the coordinator distributes, and partitions go from one member to the next
// without the others taking notice. One request does it all: ConsumerGroupHeartbeat.
import { KafkaError } from "../kafka_error.ts";
import type { MemberContext } from "./classic_group.ts";
import {
  type MemberEvents,
  type MemberIdentity,
  type Membership,
  type PartitionName,
  stayUntil,
} from "./membership.ts";
import { keyOf } from "./offsets.ts";
import { Wake } from "./wake.ts";

const JOIN_EPOCH = 0;
const LEAVE_EPOCH = -1;
/** A static member that will come back. */
const PAUSE_EPOCH = -2;
/** Leaving is a courtesy: the session ends by itself. */
const LEAVE_MS = 3000;

interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

interface HeartbeatAnswer {
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  readonly assignment: { readonly topicPartitions: readonly TopicPartitions[] } | null;
}

/** A partition with the id of its topic, as the coordinator names it. */
type IdPartition = PartitionName & { readonly topicId: string };

/** A member of a group of Kafka 4. */
export class ConsumerGroup implements Membership {
  readonly #context: MemberContext;
  readonly #events: MemberEvents;
  readonly #memberId = crypto.randomUUID();
  readonly #names = new Map<string, string>();
  /** What is being read, or given back. */
  #owned: readonly IdPartition[] = [];
  #epoch = JOIN_EPOCH;
  #giving: Promise<void> | undefined;
  /** Told apart from the one after it by being another object. */
  #life = {};
  readonly #hurry = new Wake();

  constructor(context: MemberContext, events: MemberEvents) {
    this.#context = context;
    this.#events = events;
  }

  get identity(): MemberIdentity | undefined {
    if (this.#epoch <= JOIN_EPOCH) return undefined;
    return { memberId: this.#memberId, epoch: this.#epoch, instanceId: this.#context.options.instanceId };
  }

  async run(signal: AbortSignal): Promise<void> {
    await stayUntil(signal, { live: () => this.#live(signal), leave: () => this.#leave() });
  }

  /** From joining until the coordinator does not know us any more, or the signal aborts and all is given back. */
  async #live(signal: AbortSignal): Promise<void> {
    const { options: { rebalanceTimeoutMs } } = this.#context;
    const end = new AbortController();
    const beating = this.#beat(end.signal, signal);
    try {
      const { promise: stopped, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (signal.aborted) resolve();
      const cause = await Promise.race([stopped, beating]);
      if (cause) return this.#lose(cause);
      await Promise.race([this.#giving, beating]);
      const lost = await Promise.race([this.#events.revoke(this.#owned, rebalanceTimeoutMs), beating]);
      if (lost) this.#lose(lost);
      this.#owned = [];
    } finally {
      end.abort();
      await beating;
    }
  }

  /** Beats until the signal aborts; resolves with the reason when the membership is lost. */
  async #beat(signal: AbortSignal, stop: AbortSignal): Promise<KafkaError | undefined> {
    const { cluster, options } = this.#context;
    const trouble = Symbol("heartbeat");
    let heardMs = performance.now();
    let waitMs = 0;
    try {
      while (!signal.aborted) {
        await this.#hurry.wait(waitMs, signal);
        if (signal.aborted) return undefined;
        try {
          waitMs = await this.#beatOnce(signal, stop);
          heardMs = performance.now();
          cluster.trouble.end(trouble);
        } catch (cause) {
          if (signal.aborted) return undefined;
          const fault = asKafkaError(cause);
          cluster.trouble.begin(trouble, fault);
          const isSilent = performance.now() - heardMs > options.sessionTimeoutMs && this.#epoch > JOIN_EPOCH;
          if (isSilent || !canWait(fault)) return fault;
          waitMs = Math.min(options.heartbeatMs, cluster.target.maxRetryMs);
        }
      }
      return undefined;
    } finally {
      cluster.trouble.end(trouble);
    }
  }

  async #beatOnce(signal: AbortSignal, stop: AbortSignal): Promise<number> {
    const { subscription, options } = this.#context;
    const topics = await subscription.known();
    // There is nothing to join for yet, and brokers refuse to hear so.
    if (topics.length === 0 && this.#epoch === JOIN_EPOCH) return subscription.ageMs;
    const answer = await this.#send({ epoch: this.#epoch, topics, owned: this.#owned, signal });
    if (signal.aborted) return 0;
    this.#epoch = answer.memberEpoch;
    if (answer.assignment && !this.#giving && !stop.aborted) {
      this.#giving = this.#reconcile(await this.#name(answer.assignment.topicPartitions))
        .finally(() => this.#giving = undefined);
    }
    return Math.min(answer.heartbeatIntervalMs, Math.max(options.heartbeatMs, 1));
  }

  /** Gives back what is to be given back, then takes what is new; tells the coordinator at once of both. */
  async #reconcile(target: readonly IdPartition[]): Promise<void> {
    const wanted = new Set(target.map(idKey));
    const had = new Set(this.#owned.map(idKey));
    const revoked = this.#owned.filter((partition) => !wanted.has(idKey(partition)));
    const added = target.filter((partition) => !had.has(idKey(partition)));
    if (revoked.length === 0 && added.length === 0) return;
    const life = this.#life;
    if (revoked.length > 0) await this.#events.revoke(revoked, this.#context.options.rebalanceTimeoutMs);
    // Lost meanwhile: what was to be added is not ours any more.
    if (this.#life !== life) return;
    this.#owned = target;
    this.#hurry.ring();
    this.#events.assign(added);
  }

  /** Topics that are not known yet are left out: they come with the next heartbeat. */
  async #name(topics: readonly TopicPartitions[]): Promise<IdPartition[]> {
    const { cluster, subscription } = this.#context;
    if (topics.some(({ topicId }) => !this.#names.has(topicId))) {
      const found = await cluster.topics(await subscription.topics(), { refresh: true });
      for (const { topicId, topic } of found.values()) this.#names.set(topicId, topic);
    }
    return topics.flatMap(({ topicId, partitions }) => {
      const topic = this.#names.get(topicId);
      return topic === undefined ? [] : partitions.map((partition) => ({ topic, topicId, partition }));
    });
  }

  /** All fields in every request, so that every answer tells the whole assignment. */
  async #send(
    { epoch, topics, owned, ...limits }: {
      readonly epoch: number;
      readonly topics: readonly string[];
      readonly owned: readonly IdPartition[];
      readonly signal: AbortSignal;
    },
  ): Promise<HeartbeatAnswer> {
    const { group, instanceId, rebalanceTimeoutMs, assignors, sessionTimeoutMs, heartbeatMs } =
      this.#context.options;
    const partitions = [...Map.groupBy(owned, ({ topicId }) => topicId)]
      .map(([topicId, of]) => ({ topicId, partitions: of.map(({ partition }) => partition) }));
    const assignor = assignors[0] === "range" ? "range" : "uniform";
    const subscribed = [topics, null, assignor];
    return await this.#context.link.call<HeartbeatAnswer>({
      name: "ConsumerGroupHeartbeat",
      args: [group, this.#memberId, epoch, instanceId, null, rebalanceTimeoutMs, ...subscribed, partitions],
      timeoutMs: Math.max(heartbeatMs, sessionTimeoutMs / 3),
      ...limits,
    });
  }

  #lose(cause: KafkaError): void {
    this.#epoch = JOIN_EPOCH;
    this.#life = {};
    this.#owned = [];
    this.#events.lose(cause);
    if (cause.code === "UNSUPPORTED_VERSION") throw tooOld(cause);
    if (!cause.canRetry && !REJOIN_CODES.has(cause.code)) throw cause;
  }

  /** A static member only pauses, so that its partitions wait for it. */
  async #leave(): Promise<void> {
    if (this.#epoch <= JOIN_EPOCH) return;
    const epoch = this.#context.options.instanceId === undefined ? LEAVE_EPOCH : PAUSE_EPOCH;
    this.#epoch = JOIN_EPOCH;
    await this.#send({ epoch, topics: [], owned: [], signal: AbortSignal.timeout(LEAVE_MS) }).catch(() => {});
  }
}

/** The coordinator does not know this member any more: it joins again. */
const REJOIN_CODES: ReadonlySet<string> = new Set(["FENCED_MEMBER_EPOCH", "UNKNOWN_MEMBER_ID"]);

/** A static member that was killed is known for as long as its session lasts. */
function canWait({ code, canRetry }: KafkaError): boolean {
  return canRetry || code === "UNRELEASED_INSTANCE_ID";
}

function tooOld(cause: KafkaError): KafkaError {
  const text =
    `${cause.message} (the group protocol "consumer" needs brokers from Kafka 4.0 on: set group.protocol to classic)`;
  return new KafkaError(text, { code: cause.code, cause });
}

function idKey(partition: IdPartition): string {
  return `${partition.topicId} ${keyOf(partition)}`;
}

function asKafkaError(cause: unknown): KafkaError {
  if (cause instanceof KafkaError) return cause;
  throw cause;
}
