import { Buffer } from "node:buffer";

// Which partition a record goes to, as the Java client's BuiltInPartitioner decides it: records with equal keys go to the same one,
// whichever client sends them; those without a key stay together (KIP-480, KIP-794).

/** Longer keys get memory of their own. */
const SCRATCH_BYTES = 1024;
const scratch = Buffer.alloc(SCRATCH_BYTES);

const SEED = 0x9747B28C;
const FACTOR = 0x5BD1E995;

/** MurmurHash2 with Kafka's seed, as the Java client has it (org.apache.kafka.common.utils.Utils): a signed number. */
export function murmur2(bytes: Uint8Array, length = bytes.length): number {
  let hash = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
    word = Math.imul(word, FACTOR);
    word = Math.imul(word ^ word >>> 24, FACTOR);
    hash = Math.imul(hash, FACTOR) ^ word;
  }
  if (at < length) {
    if (length - at === 3) hash ^= bytes[at + 2]! << 16;
    if (length - at >= 2) hash ^= bytes[at + 1]! << 8;
    hash = Math.imul(hash ^ bytes[at]!, FACTOR);
  }
  hash = Math.imul(hash ^ hash >>> 13, FACTOR);
  return hash ^ hash >>> 15;
}

/** The partition of a key in a topic that has `count` of them. */
export function keyPartition(key: string, count: number): number {
  const isShort = key.length * 3 <= SCRATCH_BYTES;
  const hash = isShort ? murmur2(scratch, writeKey(key)) : murmur2(Buffer.from(key));
  return (hash & 0x7FFFFFFF) % count;
}

function writeKey(key: string): number {
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    if (code > 0x7F) return scratch.write(key, "utf8");
    scratch[at] = code;
  }
  return key.length;
}

/**
 * Chooses the partition of records that have neither key nor partition: the same one until a batch is full, then the next.
 * Each topic has its own turn, so that one topic does not always meet the same turns of another.
 */
export class StickyPartitioner {
  readonly #batchBytes: number;
  readonly #turns = new Map<string, Turn>();

  constructor(batchBytes: number) {
    this.#batchBytes = batchBytes;
  }

  /** The partition for the next so many bytes of a topic that has `count` of them. */
  next(
    { topic, count, bytes }: { readonly topic: string; readonly count: number; readonly bytes: number },
  ): number {
    let turn = this.#turns.get(topic);
    // Agents begin with different ones.
    if (!turn) this.#turns.set(topic, turn = { place: Math.floor(Math.random() * count), sentBytes: 0 });
    if (turn.sentBytes >= this.#batchBytes) {
      turn.place++;
      turn.sentBytes = 0;
    }
    turn.sentBytes += bytes;
    return turn.place % count;
  }
}

interface Turn {
  place: number;
  /** What the partition has got since its turn began. */
  sentBytes: number;
}
