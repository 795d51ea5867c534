import { type Column, DeliveryError } from "sluice/plugin";
import type { ProducePart, RecordBodies, TextColumn } from "../../protocols/kafka/client.ts";
import { keyPartition } from "../../protocols/kafka/records/partitioner.ts";

/** What decides which partition of a topic an event goes to, the strongest first. */
export interface PartitionChoice {
  /** Numbers as texts, from a header; an event without one goes by what follows. */
  readonly numbers: Column | undefined;
  readonly standard: number | undefined;
  readonly keys: Column | undefined;
  /** For all others of one batch. */
  other(): number;
}

/** What the records of a batch are made of, by columns. */
export interface RecordColumns {
  readonly bodies: RecordBodies;
  readonly keys?: TextColumn | undefined;
  readonly headers?: ReadonlyMap<string, TextColumn> | undefined;
  readonly timestamps: number | Float64Array;
}

/** Events for one partition; without places all of them, in order. */
export interface Share {
  readonly partition: number;
  readonly places: Uint32Array | undefined;
}

/** Events by partition, and the places of those whose number is none of the topic's. */
export interface Shares {
  readonly shares: readonly Share[];
  readonly odd: readonly number[];
}

/** A topic, and the events of a batch that go there; without places all of them. */
export interface TopicShare {
  readonly topic: string;
  /** How many partitions it has. */
  readonly count: number;
  readonly size: number;
  readonly places?: Uint32Array | undefined;
}

/**
 * Cuts events by partition as Flume and Java's default partitioner do; order within a partition stays.
 * @throws {DeliveryError} when the topic does not have the standard partition.
 */
export function splitByPartition(
  { topic, count, size, places }: TopicShare,
  choice: PartitionChoice,
): Shares {
  const { numbers, keys, standard } = choice;
  if (standard !== undefined && standard >= count) {
    throw new DeliveryError(
      `Topic "${topic}" has no partition ${standard}, only ${count}: lower defaultPartitionId, or add partitions`,
    );
  }
  const isKeyed = typeof keys === "object" && numbers === undefined && standard === undefined;
  if (typeof numbers !== "object" && !isKeyed) {
    const partition = numbers === undefined ? evenPartition(count, choice) : numberOf(numbers, count);
    if (partition !== undefined) return { shares: [{ partition, places }], odd: [] };
    return { shares: [], odd: Array.from({ length: size }, (_, at) => places?.[at] ?? at) };
  }
  return splitEach({ topic, count, size, places }, choice);
}

function splitEach({ count, size, places }: TopicShare, choice: PartitionChoice): Shares {
  const { numbers, keys, standard } = choice;
  const groups = new Map<number, number[]>();
  const odd: number[] = [];
  let other: number | undefined;
  for (let at = 0; at < size; at++) {
    const place = places?.[at] ?? at;
    const written = typeof numbers === "object" ? numbers[place] : numbers;
    const key = typeof keys === "object" ? keys[place] : keys;
    const partition = written !== undefined
      ? numberOf(written, count)
      : standard ?? (key === undefined ? other ??= choice.other() : keyPartition(key, count));
    const group = partition === undefined ? odd : groups.get(partition);
    if (group) group.push(place);
    else groups.set(partition!, [place]);
  }
  if (groups.size === 1 && odd.length === 0) {
    return { shares: [{ partition: groups.keys().next().value!, places }], odd };
  }
  const shares = Array.from(groups, ([partition, group]) => ({ partition, places: Uint32Array.from(group) }));
  return { shares, odd };
}

function evenPartition(count: number, { standard, keys, other }: PartitionChoice): number {
  return standard ?? (typeof keys === "string" ? keyPartition(keys, count) : other());
}

/** Reads what Java's Integer.parseInt reads. */
function numberOf(text: string, count: number): number | undefined {
  const number = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
  return number >= 0 && number < count ? number + 0 : undefined;
}

/** The records of a share; bodies are not copied. */
export function partOf(topic: string, { partition, places }: Share, columns: RecordColumns): ProducePart {
  if (!places) return { topic, partition, ...columns };
  const { bodies, keys, headers, timestamps } = columns;
  const { block, starts, ends } = bodies;
  return {
    topic,
    partition,
    bodies: {
      block,
      starts: places.map((place) => starts[place]!),
      ends: places.map((place) => ends[place]!),
      size: places.length,
    },
    keys: keys === undefined ? undefined : pick(keys, places),
    headers: headers && new Map(Array.from(headers, ([name, column]) => [name, pick(column, places)])),
    timestamps: typeof timestamps === "number"
      ? timestamps
      : Float64Array.from(places, (place) => timestamps[place]!),
  };
}

function pick(column: TextColumn, places: Uint32Array): TextColumn {
  if (typeof column === "string") return column;
  const picked = new Array<string | undefined>(places.length);
  for (let at = 0; at < places.length; at++) picked[at] = column[places[at]!];
  return picked;
}
