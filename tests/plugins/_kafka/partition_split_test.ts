import assert from "node:assert/strict";
import { type PartitionChoice, partOf, splitByPartition } from "../../../plugins/_kafka/partition_split.ts";
import { keyPartition } from "../../../protocols/kafka/records/partitioner.ts";

const NOTHING = { numbers: undefined, standard: undefined, keys: undefined, other: () => 1 };

function split(size: number, choice: Partial<PartitionChoice>, places?: number[]) {
  const share = { topic: "t", count: 3, size, ...places && { places: Uint32Array.from(places) } };
  const { shares, odd } = splitByPartition(share, { ...NOTHING, ...choice });
  return {
    odd,
    shares: shares.map(({ partition, places }) => [partition, places ? [...places] : "all"]),
  };
}

Deno.test("kafka partitions: a batch without keys and numbers is not taken apart", () => {
  assert.deepEqual(split(4, {}), { odd: [], shares: [[1, "all"]] });
  assert.deepEqual(split(4, { standard: 2, keys: ["a", "b"] }), { odd: [], shares: [[2, "all"]] });
  assert.deepEqual(split(2, {}, [5, 7]), { odd: [], shares: [[1, [5, 7]]] });
  assert.deepEqual(split(4, { keys: "k" }), { odd: [], shares: [[keyPartition("k", 3), "all"]] });
});

Deno.test("kafka partitions: a number wins over the standard one, that over the key, and the key over turns", () => {
  const numbers = ["0", undefined, "+2", undefined];
  assert.deepEqual(split(4, { numbers, standard: 1, keys: "k" }).shares, [[0, [0]], [1, [1, 3]], [2, [2]]]);
  const keys = ["a", undefined, "a", undefined];
  const shares = new Map(split(4, { keys, other: () => 0 }).shares as [number, number[]][]);
  const own = keyPartition("a", 3);
  if (own === 0) assert.deepEqual(shares.get(0), undefined);
  else assert.deepEqual([shares.get(own), shares.get(0)], [[0, 2], [1, 3]]);
});

Deno.test("kafka partitions: what is no partition of the topic is set apart", () => {
  const numbers = ["0", "3", "-1", "x", "", "1.0", "0"];
  assert.deepEqual(split(7, { numbers }), { odd: [1, 2, 3, 4, 5], shares: [[0, [0, 6]]] });
  assert.deepEqual(split(2, { numbers: "9" }, [4, 6]), { odd: [4, 6], shares: [] });
  assert.throws(() => split(1, { standard: 3 }), /has no partition 3, only 3: lower defaultPartitionId/);
});

Deno.test("kafka partitions: the columns of a share are those of its events", () => {
  const columns = {
    bodies: {
      block: new Uint8Array(3),
      starts: Uint32Array.of(0, 1, 2),
      ends: Uint32Array.of(1, 2, 3),
      size: 3,
    },
    keys: ["a", undefined, "c"],
    headers: new Map<string, string | (string | undefined)[]>([["h", ["x", "y", undefined]], ["all", "1"]]),
    timestamps: Float64Array.of(5, 6, 7),
  };
  const part = partOf("t", { partition: 1, places: Uint32Array.of(0, 2) }, columns);
  assert.deepEqual([...part.bodies.starts], [0, 2]);
  assert.deepEqual([...part.bodies.ends], [1, 3]);
  assert.deepEqual(part.keys, ["a", "c"]);
  assert.deepEqual([...part.headers!], [["h", ["x", undefined]], ["all", "1"]]);
  assert.deepEqual([...part.timestamps as Float64Array], [5, 7]);
  assert.equal(partOf("t", { partition: 1, places: undefined }, columns).bodies, columns.bodies);
});
