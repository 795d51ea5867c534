// The classic group protocol: all members give up all partitions, join, and one of them distributes anew. A member that
// waits for others beats on; what it reads and how slowly never matters to its membership.
import type { ConsumerOptions } from "../client.ts";
import type { Cluster } from "../cluster.ts";
import { KafkaError } from "../kafka_error.ts";
import { sleep } from "../trouble.ts";
import { ClassicJoin, type Generation } from "./classic_join.ts";
import type { CoordinatorLink } from "./coordinator_link.ts";
import { type MemberEvents, type MemberIdentity, type Membership, stayUntil } from "./membership.ts";
import type { Subscription } from "./subscription.ts";

/** Leaving is a courtesy: the session ends by itself. */
const LEAVE_MS = 3000;

/** What the parts of a member share. */
export interface MemberContext {
  readonly cluster: Cluster;
  readonly link: CoordinatorLink;
  readonly subscription: Subscription;
  readonly options: ConsumerOptions;
}

/** A member of a group of the classic protocol. */
export class ClassicGroup implements Membership {
  readonly #context: MemberContext;
  readonly #events: MemberEvents;
  readonly #joining: ClassicJoin;
  #generation: Generation | undefined;

  constructor(context: MemberContext, events: MemberEvents) {
    this.#context = context;
    this.#events = events;
    this.#joining = new ClassicJoin(context);
  }

  get identity(): MemberIdentity | undefined {
    const { instanceId } = this.#context.options;
    const generation = this.#generation;
    return generation && { memberId: this.#joining.memberId, epoch: generation.id, instanceId };
  }

  async run(signal: AbortSignal): Promise<void> {
    await stayUntil(signal, { live: () => this.#live(signal), leave: () => this.#leave() });
  }

  /** One generation: from joining until the partitions are given back. */
  async #live(signal: AbortSignal): Promise<void> {
    const generation = await this.#joining.join(signal);
    this.#generation = generation;
    this.#events.assign(generation.partitions);
    const end = new AbortController();
    const change = Promise.withResolvers<void>();
    const lost = Promise.withResolvers<KafkaError>();
    const stop = () => change.resolve();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    const work = [
      this.#beat(generation, { signal: end.signal, change: stop, lose: lost.resolve }),
      this.#watch(generation, { signal: end.signal, change: stop }),
    ];
    try {
      let cause = await Promise.race([change.promise, lost.promise]);
      cause ??= await Promise.race([this.#revoke(generation), lost.promise]);
      this.#generation = undefined;
      if (cause) this.#lose(cause);
    } finally {
      this.#generation = undefined;
      signal.removeEventListener("abort", stop);
      end.abort();
      await Promise.all(work);
    }
  }

  async #revoke({ partitions }: Generation): Promise<void> {
    const { rebalanceTimeoutMs, heartbeatMs } = this.#context.options;
    // The group has waited for us since before the heartbeat that told us.
    await this.#events.revoke(
      partitions,
      Math.max(rebalanceTimeoutMs - 2 * heartbeatMs, rebalanceTimeoutMs / 2),
    );
  }

  #lose(cause: KafkaError): void {
    if (cause.code !== "ILLEGAL_GENERATION") this.#joining.forgetMember();
    this.#events.lose(cause);
    // Somebody else goes by our name: to join again would put him out, and he us.
    if (cause.code === "FENCED_INSTANCE_ID" || !(cause.canRetry || MEMBER_CODES.has(cause.code))) throw cause;
  }

  async #beat(generation: Generation, ends: Ends & { lose(cause: KafkaError): void }): Promise<void> {
    const { cluster, link, options } = this.#context;
    const { group, heartbeatMs, sessionTimeoutMs, instanceId } = options;
    const trouble = Symbol("heartbeat");
    const args = [group, generation.id, this.#joining.memberId, instanceId];
    const timeoutMs = Math.max(heartbeatMs, sessionTimeoutMs / 3);
    let heardMs = performance.now();
    while (!ends.signal.aborted) {
      await sleep(heartbeatMs, ends.signal);
      if (ends.signal.aborted) break;
      try {
        await link.call({ name: "Heartbeat", args, timeoutMs, signal: ends.signal });
        heardMs = performance.now();
        cluster.trouble.end(trouble);
      } catch (cause) {
        if (ends.signal.aborted || !(cause instanceof KafkaError)) break;
        const isWaiting = cause.code === "REBALANCE_IN_PROGRESS";
        if (isWaiting) heardMs = performance.now();
        if (isWaiting) ends.change();
        else cluster.trouble.begin(trouble, cause);
        const isSilent = performance.now() - heardMs > sessionTimeoutMs;
        if (!isWaiting && (isSilent || !cause.canRetry)) {
          ends.lose(cause);
          break;
        }
      }
    }
    cluster.trouble.end(trouble);
  }

  /** Topics come and go, and grow: then the group must be distributed anew. */
  async #watch(generation: Generation, ends: Ends): Promise<void> {
    const { subscription } = this.#context;
    while (!ends.signal.aborted) {
      await sleep(subscription.ageMs, ends.signal);
      if (ends.signal.aborted) return;
      try {
        if (await this.#joining.isOutdated(generation)) ends.change();
      } catch (cause) {
        // The next look will do; the heartbeats tell of the trouble.
        if (!(cause instanceof KafkaError)) throw cause;
      }
    }
  }

  /** A static member stays in the group, so that its partitions wait for it. */
  async #leave(): Promise<void> {
    const { link, options: { group, instanceId } } = this.#context;
    const { memberId } = this.#joining;
    if (instanceId !== undefined || memberId === "") return;
    const member = { memberId, groupInstanceId: null, reason: "the consumer is stopped" };
    await link.call({
      name: "LeaveGroup",
      args: [group, [member]],
      timeoutMs: LEAVE_MS,
      signal: AbortSignal.timeout(LEAVE_MS),
    })
      .catch(() => {});
  }
}

interface Ends {
  readonly signal: AbortSignal;
  /** The partitions must be given back. */
  change(): void;
}

/** Codes after which a member joins again. */
const MEMBER_CODES: ReadonlySet<string> = new Set(["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"]);
