// Which events of a stream a batch holds, in a few bytes, for the metadata of an RPC call. All numbers are unsigned
// LEB128; the first event and the time of a run are told as differences to the run before.

/** Which events of a stream a batch holds. */
export interface WireIdentity {
  readonly stream: string;
  readonly runs: readonly WireRun[];
}

/** Events that follow each other; see `IdentityRun` of the batches. All numbers are below 2^53. */
export interface WireRun {
  readonly first: number;
  readonly count: number;
  /** Not behind `first`. */
  readonly after: number;
  readonly timeMs: number;
}

/** The key of the metadata entry. */
export const IDENTITY_KEY = "sluice.identity";

const VERSION = 1;
const MAX_STREAM_BYTES = 1024;
const MAX_RUNS = 65_536;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/*
 * │version 1│stream bytes│stream │runs│ first of run 0│ then for each run: gap to "after"│first − after│count│time │
 */

/** Encodes an identity; numbers of a run are relative to the end of the run before, which most often makes them 0. */
export function encodeIdentity({ stream, runs }: WireIdentity): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(stream);
  const bytes = new Uint8Array(30 + name.length + runs.length * 50);
  bytes[0] = VERSION;
  let at = putVarint(bytes, 1, name.length);
  bytes.set(name, at);
  at = putVarint(bytes, at + name.length, runs.length);
  let [end, timeMs] = [0, 0];
  for (const run of runs) {
    at = putVarint(bytes, at, zigzag(run.after - end));
    at = putVarint(bytes, at, run.first - run.after);
    at = putVarint(bytes, at, run.count);
    at = putVarint(bytes, at, zigzag(run.timeMs - timeMs));
    end = run.first + run.count;
    timeMs = run.timeMs;
  }
  return bytes.slice(0, at);
}

/**
 * Decodes what `encodeIdentity` wrote.
 * @throws {RangeError} for anything else.
 */
export function decodeIdentity(bytes: Uint8Array): WireIdentity {
  if (bytes[0] !== VERSION) throw new RangeError(`Batch identity of version ${bytes[0]}, not ${VERSION}`);
  const reader = new VarintReader(bytes, 1);
  const stream = readName(reader);
  const count = reader.next();
  if (count > MAX_RUNS) throw new RangeError(`Batch identity of ${count} runs, the limit is ${MAX_RUNS}`);
  const runs: WireRun[] = [];
  let [end, timeMs] = [0, 0];
  for (let index = 0; index < count; index++) {
    const after = end + unzigzag(reader.next());
    const first = after + reader.next();
    const events = reader.next();
    timeMs += unzigzag(reader.next());
    end = first + events;
    if (after < 0 || timeMs < 0 || events === 0 || !Number.isSafeInteger(end)) {
      throw new RangeError(`Batch identity: run ${index} holds numbers out of range`);
    }
    runs.push({ first, count: events, after, timeMs });
  }
  if (!reader.isAtEnd) throw new RangeError("Batch identity has bytes behind its end");
  return { stream, runs };
}

function readName(reader: VarintReader): string {
  const length = reader.next();
  if (length === 0 || length > MAX_STREAM_BYTES) {
    throw new RangeError(
      `Batch identity with a stream name of ${length} bytes, not 1 to ${MAX_STREAM_BYTES}`,
    );
  }
  try {
    return UTF8.decode(reader.take(length));
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw new RangeError("Batch identity with a stream name that is no UTF-8", { cause });
  }
}

/** Numbers up to 2^53 do not fit into bit operations. */
class VarintReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  next(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 56; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError("Batch identity ends too early");
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new RangeError("Batch identity holds a number that is too large");
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new RangeError("Batch identity ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function putVarint(bytes: Uint8Array, offset: number, value: number): number {
  let [at, rest] = [offset, value];
  while (rest >= 128) {
    bytes[at++] = rest % 128 + 128;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = rest;
  return at;
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
