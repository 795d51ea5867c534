import { until } from "../../../support/until.ts";
import { Reading } from "../consume/_reading.ts";

const TEXT = new TextDecoder();
const LIMIT_MS = 20_000;
/** Long enough for a record that is too many to be read. */
const QUIET_MS = 300;

/** Reads a topic until so many records have come and no more do; their texts by partition. */
export async function readAll(
  brokers: string,
  topic: string,
  count: number,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const found = new Map<number, string[]>();
  const reading = new Reading(brokers, {
    group: `all-${crypto.randomUUID()}`,
    topics: [topic],
    readsCommitted: true,
  });
  let size = 0;
  let lastMs = performance.now();
  reading.onFetched = ({ partition, bodies: { block, starts, ends, size: more } }) => {
    const own = found.get(partition) ?? [];
    found.set(partition, own);
    for (let at = 0; at < more; at++) own.push(TEXT.decode(block.subarray(starts[at], ends[at])));
    size += more;
    lastMs = performance.now();
    return Promise.resolve();
  };
  try {
    await until(
      `${count} records of ${topic}`,
      () => size >= count && performance.now() - lastMs > QUIET_MS,
      LIMIT_MS,
    );
  } finally {
    await reading.stop();
  }
  return found;
}
