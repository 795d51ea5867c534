import assert from "node:assert/strict";
import {
  type Assignor,
  assignRange,
  assignRoundRobin,
  type GroupMember,
} from "../../../../protocols/kafka/consume/assignors.ts";

type Shares = Record<string, Record<string, readonly number[]>>;

function sharesOf(
  assignor: Assignor,
  members: readonly GroupMember[],
  counts: Record<string, number>,
): Shares {
  const shares = assignor(members, new Map(Object.entries(counts)));
  return Object.fromEntries([...shares].map(([member, share]) => [member, Object.fromEntries(share)]));
}

function member(memberId: string, topics: readonly string[], instanceId?: string): GroupMember {
  return { memberId, topics, instanceId };
}

interface Case {
  readonly about: string;
  readonly assignor: Assignor;
  readonly members: readonly GroupMember[];
  readonly counts: Record<string, number>;
  readonly shares: Shares;
}

const BOTH = ["t0", "t1"];
const UNEQUAL = [member("C0", ["t0"]), member("C1", BOTH), member("C2", ["t0", "t1", "t2"])];

/** Those with t0, t1 … are the examples in the documentation of Java's classes. */
const CASES: readonly Case[] = [
  {
    about: "range cuts each topic into runs, the first members get one more",
    assignor: assignRange,
    members: [member("C1", BOTH), member("C0", BOTH)],
    counts: { t0: 3, t1: 3 },
    shares: { C0: { t0: [0, 1], t1: [0, 1] }, C1: { t0: [2], t1: [2] } },
  },
  {
    about: "range leaves members without a partition where there are fewer than members",
    assignor: assignRange,
    members: [member("a", ["t"]), member("b", ["t"]), member("c", ["t"])],
    counts: { t: 2 },
    shares: { a: { t: [0] }, b: { t: [1] }, c: {} },
  },
  {
    about: "range gives a topic only to those that want it, and nothing of one that does not exist",
    assignor: assignRange,
    members: [member("a", ["t", "gone"]), member("b", ["t", "u"])],
    counts: { t: 5, u: 2 },
    shares: { a: { t: [0, 1, 2] }, b: { t: [3, 4], u: [0, 1] } },
  },
  {
    about: "range puts static members first, by instance id",
    assignor: assignRange,
    members: [member("a", ["t"]), member("z", ["t"], "i2"), member("y", ["t"], "i1")],
    counts: { t: 4 },
    shares: { y: { t: [0, 1] }, z: { t: [2] }, a: { t: [3] } },
  },
  {
    about: "roundrobin deals all partitions of all topics in turn",
    assignor: assignRoundRobin,
    members: [member("C0", BOTH), member("C1", BOTH)],
    counts: { t0: 3, t1: 3 },
    shares: { C0: { t0: [0, 2], t1: [1] }, C1: { t0: [1], t1: [0, 2] } },
  },
  {
    about: "roundrobin passes over members that do not want a topic",
    assignor: assignRoundRobin,
    members: UNEQUAL,
    counts: { t0: 1, t1: 2, t2: 3 },
    shares: { C0: { t0: [0] }, C1: { t1: [0] }, C2: { t1: [1], t2: [0, 1, 2] } },
  },
  {
    about: "roundrobin takes topics in the order of UTF-16 code units",
    assignor: assignRoundRobin,
    members: [member("a", ["b", "A", "a"]), member("b", ["b", "A", "a"])],
    counts: { b: 1, A: 1, a: 1 },
    shares: { a: { A: [0], b: [0] }, b: { a: [0] } },
  },
];

for (const { about, assignor, members, counts, shares } of CASES) {
  Deno.test(about, () => {
    const got = sharesOf(assignor, members, counts);
    assert.deepEqual(got, shares);
  });
}
