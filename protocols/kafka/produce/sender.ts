import type { ProducerOptions } from "../client.ts";
import type { Cluster } from "../cluster.ts";
import type { BrokerConnection } from "../connection.ts";
import { KafkaError } from "../kafka_error.ts";
import { Lane } from "./lane.ts";
import { Nodes } from "./nodes.ts";
import type { PendingBatch } from "./pending_batch.ts";
import { produce, type ProduceAnswer } from "./produce_request.ts";
import { NO_IDENTITY, type ProducerIdentity } from "./producer_identity.ts";
import { judge, type Verdict } from "./verdict.ts";

/** Bytes that one request brings at most, unless its first batch is larger. */
const REQUEST_BYTES = 8 * 1024 * 1024;

/** What a sender needs of its producer. */
export interface SenderOwner {
  readonly options: ProducerOptions;
  /** Partitions must be part of the transaction before anything is sent to them; true: they all are. */
  admits(lane: Lane): boolean;
  onVerdict(lane: Lane, batch: PendingBatch, verdict: Verdict): void;
}

/** Sends what waits in the lanes to the leaders of their partitions, several requests at a time. */
export class Sender {
  readonly lanes = new Map<string, Lane>();
  identity: ProducerIdentity = NO_IDENTITY;
  /** Batches of another transaction wait; 0: there are none. */
  transaction = 0;
  /** Nothing is sent while it is true. */
  isPaused = false;
  /** Requests on their way. */
  flying = 0;
  readonly #cluster: Cluster;
  readonly #owner: SenderOwner;
  readonly #nodes: Nodes;
  readonly #learning = new Set<string>();
  #isScheduled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #expiry: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  constructor(cluster: Cluster, owner: SenderOwner) {
    this.#cluster = cluster;
    this.#owner = owner;
    const { maxInFlight } = owner.options;
    this.#nodes = new Nodes(cluster, { maxInFlight, onChange: () => this.schedule() });
  }

  lane(topic: string, partition: number): Lane {
    const key = `${topic}/${partition}`;
    const known = this.lanes.get(key);
    if (known) return known;
    const lane = new Lane(topic, partition);
    this.lanes.set(key, lane);
    return lane;
  }

  /** Looks soon what can be sent; what is given meanwhile goes along. */
  schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    const { deliveryTimeoutMs } = this.#owner.options;
    if (deliveryTimeoutMs < Infinity) {
      this.#expiry ??= setInterval(
        () => this.#expire(deliveryTimeoutMs),
        Math.max(10, deliveryTimeoutMs / 8),
      );
    }
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#pump();
    });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#expiry);
  }

  /** Gives up what waits for too long: no answer tells so while no broker can be asked. */
  #expire(deliveryTimeoutMs: number): void {
    const text = `No broker has taken it within ${deliveryTimeoutMs} ms (delivery.timeout.ms)`;
    for (const lane of this.lanes.values()) {
      const isOld = ({ openedMs }: PendingBatch) => performance.now() - openedMs > deliveryTimeoutMs;
      if (lane.open && isOld(lane.open)) lane.seal();
      while (lane.waiting[0] && isOld(lane.waiting[0])) {
        const cause = new KafkaError(text, { code: "TIMEOUT" });
        this.#owner.onVerdict(lane, lane.waiting.shift()!, { fate: "failed", cause });
      }
    }
  }

  #pump(): void {
    clearTimeout(this.#timer);
    if (this.isPaused || this.#isClosed) return;
    for (let isMore = true; isMore;) {
      isMore = false;
      for (const [nodeId, lanes] of this.#readyLanes()) {
        const connection = this.#nodes.free(nodeId);
        if (!connection) continue;
        isMore = true;
        void this.#send({ nodeId, connection }, takeBatches(lanes));
      }
    }
  }

  /** Lanes with something to send, by the leader of their partition. */
  #readyLanes(): Map<number, Lane[]> {
    const ready = new Map<number, Lane[]>();
    const nowMs = performance.now();
    let nextMs = Infinity;
    for (const lane of this.lanes.values()) {
      const readyMs = lane.readyMs(this.#owner.options.lingerMs, this.transaction);
      if (readyMs > nowMs) {
        nextMs = Math.min(nextMs, readyMs);
        continue;
      }
      const leader = this.#leader(lane);
      if (leader === undefined || !this.#owner.admits(lane)) continue;
      const lanes = ready.get(leader);
      if (lanes) lanes.push(lane);
      else ready.set(leader, [lane]);
    }
    clearTimeout(this.#timer);
    if (nextMs < Infinity) this.#timer = setTimeout(() => this.#pump(), Math.max(1, nextMs - nowMs));
    return ready;
  }

  /** Undefined while it is not known. */
  #leader({ topic, partition }: Lane): number | undefined {
    const leader = this.#cluster.known(topic)?.partitions[partition]?.leader;
    if (leader !== undefined && leader >= 0) return leader;
    if (!this.#learning.has(topic)) void this.#learn(topic);
    return undefined;
  }

  /** Asks for a topic until all partitions have leaders to which something is to be sent. */
  async #learn(topic: string): Promise<void> {
    this.#learning.add(topic);
    const key = Symbol();
    const { trouble } = this.#cluster;
    for (let failures = 0; !this.#isClosed; failures++) {
      try {
        const fault = this.#faultOf(
          topic,
          await this.#cluster.topics([topic], { refresh: true, creates: true }),
        );
        if (!fault) break;
        trouble.begin(key, fault);
      } catch (cause) {
        trouble.begin(key, cause as Error);
      }
      await trouble.wait(failures);
    }
    trouble.end(key);
    this.#learning.delete(topic);
    this.schedule();
  }

  #faultOf(
    topic: string,
    known: ReadonlyMap<string, { partitions: readonly { leader: number }[] }>,
  ): KafkaError | undefined {
    const partitions = known.get(topic)?.partitions;
    for (const lane of this.lanes.values()) {
      if (lane.topic !== topic || lane.isIdle) continue;
      if (!partitions) {
        return this.#cluster.refusal(topic) ??
          new KafkaError(`The topic ${topic} is not there`, { code: "UNKNOWN_TOPIC" });
      }
      const leader = partitions[lane.partition]?.leader;
      const where = `${topic}/${lane.partition}`;
      if (leader === undefined) {
        this.#giveUp(lane, new KafkaError(`There is no ${where}`, { code: "UNKNOWN_TOPIC" }));
      } else if (leader < 0) {
        return new KafkaError(`${where} has no leader`, { code: "LEADER_NOT_AVAILABLE" });
      }
    }
  }

  /** The topic was made again with fewer partitions. */
  #giveUp(lane: Lane, cause: KafkaError): void {
    lane.seal();
    for (const batch of lane.waiting.splice(0)) this.#owner.onVerdict(lane, batch, { fate: "failed", cause });
  }

  async #send(
    { nodeId, connection }: { nodeId: number; connection: BrokerConnection },
    batches: readonly PendingBatch[],
  ): Promise<void> {
    const { acks, compression, compressionLevel, transactionalId } = this.#owner.options;
    const isTransactional = transactionalId !== undefined;
    const seal = { compression, compressionLevel, ...this.identity, isTransactional };
    this.#nodes.begin(nodeId);
    this.flying++;
    let judged: (batch: PendingBatch) => Verdict;
    try {
      const answers = await produce(connection, {
        batches: batches.map((batch) => ({ ...place(batch), bytes: batch.finish(seal) })),
        acks,
        timeoutMs: this.#cluster.target.requestTimeoutMs,
        transactionalId,
      });
      const about = { broker: connection.name, isTransactional };
      judged = (batch) => acks === 0 ? { fate: "arrived" } : verdictOf(batch, answers, about);
    } catch (cause) {
      judged = (batch) => lostAnswer(batch, cause);
    }
    this.flying--;
    this.#nodes.end(nodeId);
    for (const batch of batches) {
      this.#owner.onVerdict(this.lane(batch.topic, batch.partition), batch, judged(batch));
    }
    this.schedule();
  }
}

function place({ topic, partition }: PendingBatch): { topic: string; partition: number } {
  return { topic, partition };
}

/** One batch of each lane, up to the size of a request. */
function takeBatches(lanes: readonly Lane[]): PendingBatch[] {
  const taken: PendingBatch[] = [];
  let bytes = 0;
  for (const lane of lanes) {
    const next = (lane.waiting[0] ?? lane.open)!.bytes;
    if (taken.length > 0 && bytes + next > REQUEST_BYTES) continue;
    bytes += next;
    taken.push(lane.take());
  }
  return taken;
}

function verdictOf(
  batch: PendingBatch,
  answers: readonly ProduceAnswer[],
  about: { readonly broker: string; readonly isTransactional: boolean },
): Verdict {
  const answer = answers.find(({ topic, partition }) =>
    topic === batch.topic && partition === batch.partition
  );
  if (answer) return judge(answer, about);
  const text = `The broker ${about.broker} says nothing of ${batch.topic}/${batch.partition}`;
  return { fate: "again", cause: new KafkaError(text, { code: "FRAME" }) };
}

/** Nobody knows whether the broker has it. */
function lostAnswer(batch: PendingBatch, cause: unknown): Verdict {
  batch.isInDoubt = true;
  if (!(cause instanceof KafkaError)) {
    const text = `Cannot send to ${batch.topic}/${batch.partition}`;
    return { fate: "shut out", cause: new KafkaError(text, { code: "FRAME", canRetry: false, cause }) };
  }
  return { fate: cause.canRetry ? "again" : "failed", cause };
}
