// Who reads what in a group of the classic protocol. Both ways give exactly what the Java client gives, because any member
// of a mixed group may be the one that distributes (Java: RangeAssignor, RoundRobinAssignor without racks).

/** A member of a group, as its leader sees it. */
export interface GroupMember {
  readonly memberId: string;
  readonly instanceId?: string | undefined;
  readonly topics: readonly string[];
}

/** Partitions by member, then by topic. A member that gets nothing is there all the same. */
export type Distribution = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

/** Distributes the partitions of topics; a topic without a count does not exist. */
export type Assignor = (
  members: readonly GroupMember[],
  partitionCounts: ReadonlyMap<string, number>,
) => Distribution;

type Shares = Map<string, Map<string, number[]>>;

/** "range": each topic for itself is cut into runs of partitions; the first members get one more. */
export const assignRange: Assignor = (members, partitionCounts) => {
  const shares = emptyShares(members);
  const ordered = order(members);
  for (const topic of topicsOf(members)) {
    const readers = ordered.filter(({ topics }) => topics.includes(topic));
    const count = partitionCounts.get(topic) ?? 0;
    const least = Math.floor(count / readers.length);
    const longer = count % readers.length;
    for (const [at, { memberId }] of readers.entries()) {
      const from = least * at + Math.min(at, longer);
      const size = least + (at < longer ? 1 : 0);
      for (let partition = from; partition < from + size; partition++) {
        give(shares, memberId, [topic, partition]);
      }
    }
  }
  return shares;
};

/** "roundrobin": all partitions of all topics in order, one to each member in turn that wants the topic. */
export const assignRoundRobin: Assignor = (members, partitionCounts) => {
  const shares = emptyShares(members);
  const ordered = order(members);
  let turn = 0;
  for (const topic of topicsOf(members)) {
    for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition++) {
      while (!ordered[turn % ordered.length]!.topics.includes(topic)) turn++;
      give(shares, ordered[turn++ % ordered.length]!.memberId, [topic, partition]);
    }
  }
  return shares;
};

/** Static members come first, by their instance ids; then the others by the ids that the broker gave them. */
function order(members: readonly GroupMember[]): GroupMember[] {
  return [...members].sort((one, other) => {
    if (one.instanceId !== undefined && other.instanceId !== undefined) {
      return compare(one.instanceId, other.instanceId);
    }
    if (one.instanceId !== undefined) return -1;
    if (other.instanceId !== undefined) return 1;
    return compare(one.memberId, other.memberId);
  });
}

/** By UTF-16 code units, as Java does. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function topicsOf(members: readonly GroupMember[]): string[] {
  return [...new Set(members.flatMap(({ topics }) => topics))].sort(compare);
}

function emptyShares(members: readonly GroupMember[]): Shares {
  return new Map(members.map(({ memberId }) => [memberId, new Map()]));
}

function give(shares: Shares, memberId: string, [topic, partition]: [string, number]): void {
  const topics = shares.get(memberId)!;
  const partitions = topics.get(topic);
  if (partitions) partitions.push(partition);
  else topics.set(topic, [partition]);
}
