// Joins a group of the classic protocol (protocol guide, JoinGroup and SyncGroup), and distributes the partitions where this
// member is chosen to lead.
import type { Cluster } from "../cluster.ts";
import type { ConsumerOptions } from "../client.ts";
import { KafkaError } from "../kafka_error.ts";
import { type Assignor, assignRange, assignRoundRobin, type GroupMember } from "./assignors.ts";
import type { CoordinatorLink } from "./coordinator_link.ts";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from "./member_bytes.ts";
import type { PartitionName } from "./membership.ts";
import type { Subscription } from "./subscription.ts";

/** What a member knows of the generation it belongs to. */
export interface Generation {
  readonly id: number;
  readonly partitions: readonly PartitionName[];
  /** What this member asked for. */
  readonly topics: readonly string[];
  /** What the distribution went by; undefined where another member leads. */
  readonly partitionCounts?: ReadonlyMap<string, number> | undefined;
}

interface JoinAnswer {
  readonly generationId: number;
  readonly protocolName: string;
  readonly leader: string;
  readonly memberId: string;
  /** The leader is a static member that came back: the old distribution holds. */
  readonly skipAssignment?: boolean;
  /** Empty for all but the leader. */
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly metadata: Uint8Array;
  }[];
}

const PROTOCOL_TYPE = "consumer";
const ASSIGNORS: Readonly<Record<string, Assignor>> = { range: assignRange, roundrobin: assignRoundRobin };
/** The broker may answer a little after the time that it waits for others. */
const JOIN_SLACK_MS = 5000;

/** How long a join may take, and so any request to the coordinator. */
export function joinTimeoutMs({ rebalanceTimeoutMs }: Pick<ConsumerOptions, "rebalanceTimeoutMs">): number {
  return rebalanceTimeoutMs + JOIN_SLACK_MS;
}

/** Joins again and again under the id that the group has given. */
export class ClassicJoin {
  readonly #cluster: Cluster;
  readonly #link: CoordinatorLink;
  readonly #subscription: Subscription;
  readonly #options: ConsumerOptions;
  memberId = "";

  constructor(context: {
    readonly cluster: Cluster;
    readonly link: CoordinatorLink;
    readonly subscription: Subscription;
    readonly options: ConsumerOptions;
  }) {
    this.#cluster = context.cluster;
    this.#link = context.link;
    this.#subscription = context.subscription;
    this.#options = context.options;
  }

  /** The group does not know the id any more. */
  forgetMember(): void {
    this.memberId = "";
  }

  /** Resolves when the group is distributed. @throws {KafkaError} what trying again cannot help. */
  async join(signal: AbortSignal): Promise<Generation> {
    return await this.#cluster.retry(signal, async () => {
      try {
        return await this.#joinOnce(signal);
      } catch (cause) {
        throw this.#judge(cause);
      }
    });
  }

  /** True when a join now would ask for other topics, or distribute otherwise. */
  async isOutdated({ topics, partitionCounts }: Generation): Promise<boolean> {
    const wanted = await this.#subscription.topics();
    if (wanted.join() !== topics.join()) return true;
    if (!partitionCounts) return false;
    const counts = await this.#subscription.partitionCounts([...partitionCounts.keys()]);
    return [...partitionCounts].some(([topic, count]) => (counts.get(topic) ?? 0) !== count);
  }

  async #joinOnce(signal: AbortSignal): Promise<Generation> {
    const topics = await this.#subscription.topics();
    const joined = await this.#send(topics, signal).catch((cause) => {
      if (!this.#takeMemberId(cause)) throw cause;
      return this.#send(topics, signal);
    });
    this.memberId = joined.memberId;
    const leads = joined.leader === joined.memberId;
    const members = leads ? joined.members.map(memberOf) : [];
    const counts = leads ? await this.#countFor(members) : undefined;
    const assignments = counts && !joined.skipAssignment
      ? distribute(joined.protocolName, members, counts)
      : [];
    const { group, instanceId } = this.#options;
    const { assignment } = await this.#link.call<{ assignment: Uint8Array }>({
      name: "SyncGroup",
      args: [
        group,
        joined.generationId,
        this.memberId,
        instanceId,
        PROTOCOL_TYPE,
        joined.protocolName,
        assignments,
      ],
      timeoutMs: joinTimeoutMs(this.#options),
      signal,
    });
    const partitions = decodeAssignment(assignment);
    return { id: joined.generationId, partitions, topics, partitionCounts: counts };
  }

  async #send(topics: readonly string[], signal: AbortSignal): Promise<JoinAnswer> {
    const { group, sessionTimeoutMs, rebalanceTimeoutMs, instanceId, assignors } = this.#options;
    const metadata = encodeSubscription(topics);
    const protocols = assignors.map((name) => ({ name, metadata }));
    const timing = [sessionTimeoutMs, rebalanceTimeoutMs];
    return await this.#link.call<JoinAnswer>({
      name: "JoinGroup",
      args: [group, ...timing, this.memberId, instanceId, PROTOCOL_TYPE, protocols, null],
      timeoutMs: joinTimeoutMs(this.#options),
      signal,
    });
  }

  /** A first JoinGroup is refused with the id to come back with. */
  #takeMemberId(cause: unknown): boolean {
    if (!(cause instanceof KafkaError) || cause.code !== "MEMBER_ID_REQUIRED") return false;
    const answer = (cause.cause as { response?: { memberId?: string } } | undefined)?.response;
    this.memberId = answer?.memberId ?? "";
    return this.memberId !== "";
  }

  /** 0 for topics that do not exist, so that their appearing is noticed. */
  async #countFor(members: readonly GroupMember[]): Promise<ReadonlyMap<string, number>> {
    const topics = [...new Set(members.flatMap(({ topics }) => topics))];
    const counts = await this.#subscription.partitionCounts(topics);
    return new Map(topics.map((topic) => [topic, counts.get(topic) ?? 0]));
  }

  /** What ends a membership does not end the wish to be a member. */
  #judge(cause: unknown): unknown {
    if (!(cause instanceof KafkaError) || !REJOIN_CODES.has(cause.code)) return cause;
    if (cause.code === "UNKNOWN_MEMBER_ID") this.forgetMember();
    return new KafkaError(cause.message, { code: cause.code, canRetry: true, cause: cause.cause });
  }
}

/** Codes after which the next JoinGroup may succeed. */
const REJOIN_CODES: ReadonlySet<string> = new Set([
  "UNKNOWN_MEMBER_ID",
  "ILLEGAL_GENERATION",
  "REBALANCE_IN_PROGRESS",
  "MEMBER_ID_REQUIRED",
]);

function memberOf({ memberId, groupInstanceId, metadata }: JoinAnswer["members"][number]): GroupMember {
  return { memberId, instanceId: groupInstanceId ?? undefined, topics: decodeSubscription(metadata) };
}

function distribute(
  protocol: string,
  members: readonly GroupMember[],
  counts: ReadonlyMap<string, number>,
): { readonly memberId: string; readonly assignment: Uint8Array }[] {
  const shares = ASSIGNORS[protocol]!(members, counts);
  return [...shares].map(([memberId, share]) => ({ memberId, assignment: encodeAssignment(share) }));
}
