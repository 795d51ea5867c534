import assert from "node:assert/strict";
import { hashKey } from "../../../plugins/interceptors/_dedupe/key_hash.ts";
import { FRESH, SeenKeys } from "../../../plugins/interceptors/_dedupe/seen_keys.ts";
import { Random } from "../../simulation/random.ts";

const SEED = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 32));

/** SipHash-1-3 with 128 bits out as its authors write it, with whole words. */
function plainHash(bytes: Uint8Array, secret: Uint32Array): bigint[] {
  const word = (value: bigint) => BigInt.asUintN(64, value);
  const turn = (value: bigint, bits: bigint) => word(value << bits) | value >> (64n - bits);
  const [k0, k1] = [0, 2].map((at) => BigInt(secret[at]!) | BigInt(secret[at + 1]!) << 32n) as [
    bigint,
    bigint,
  ];
  let [v0, v1] = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn ^ 0xeen];
  let [v2, v3] = [k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n];
  const round = () => {
    v0 = word(v0 + v1), v1 = turn(v1, 13n) ^ v0, v0 = turn(v0, 32n);
    v2 = word(v2 + v3), v3 = turn(v3, 16n) ^ v2;
    v0 = word(v0 + v3), v3 = turn(v3, 21n) ^ v0;
    v2 = word(v2 + v1), v1 = turn(v1, 17n) ^ v2, v2 = turn(v2, 32n);
  };
  const padded = new Uint8Array((bytes.length >> 3) * 8 + 8);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length;
  const view = new DataView(padded.buffer);
  for (let offset = 0; offset < padded.length; offset += 8) {
    const chunk = view.getBigUint64(offset, true);
    v3 ^= chunk;
    round();
    v0 ^= chunk;
  }
  return [0xeen, 0xddn].map((mark) => {
    if (mark === 0xeen) v2 ^= mark;
    else v1 ^= mark;
    for (let last = 0; last < 3; last++) round();
    return v0 ^ v1 ^ v2 ^ v3;
  });
}

Deno.test(`keys are SipHash-1-3 of 128 bits, for all lengths (SEED=${SEED})`, () => {
  const random = new Random(SEED);
  const words = new Uint32Array(6);
  for (let length = 0; length < 300; length++) {
    const bytes = Uint8Array.from({ length }, () => random.below(256));
    const secret = Uint32Array.from({ length: 4 }, () => random.below(2 ** 32));
    hashKey(bytes, secret, { words, at: 2 });
    const view = new DataView(words.buffer, 8);
    assert.deepEqual([view.getBigUint64(0, true), view.getBigUint64(8, true)], plainHash(bytes, secret));
  }
});

/** What the window should hold, in the plainest way. */
class PlainWindow {
  keys: { readonly key: number; readonly timeMs: number; readonly batch: number }[] = [];

  meet(key: number, timeMs: number, batch: number): number {
    const known = this.keys.find((one) => one.key === key);
    if (known) return known.batch;
    this.keys.push({ key, timeMs, batch });
    return FRESH;
  }
}

/** Keys whose first words are few, so that they get in each other's way in the table. */
function wordsOf(key: number): Uint32Array {
  return Uint32Array.of(key % 3 === 0 ? key : 0xfffffffe + key % 2, key, 7, key * 31);
}

for (const maxKeys of [1, 7, 1500]) {
  Deno.test(`seen keys are those of a plain window of ${maxKeys} (SEED=${SEED})`, () => {
    const random = new Random(SEED);
    const windowMs = 100_000;
    const [seen, plain] = [new SeenKeys({ maxKeys, windowMs }), new PlainWindow()];
    // A forgotten key keeps its place until it is its turn, so the plain window is told how many there are.
    for (let step = 1, timeMs = 0; step < 6000; step++) {
      timeMs += random.chance(0.001) ? random.below(windowMs * 2) : random.below(100);
      seen.expire(timeMs);
      plain.keys = plain.keys.filter((one) => one.timeMs > timeMs - windowMs);
      const key = random.below(maxKeys * 2);
      if (plain.keys.length < maxKeys) {
        const expected = plain.meet(key, timeMs, step);
        assert.equal(
          seen.meet({ words: wordsOf(key), at: 0, timeMs, batch: step }),
          expected,
          `step ${step}`,
        );
      } else {
        const known = plain.keys.find((one) => one.key === key);
        const met = seen.meet({ words: wordsOf(key), at: 0, timeMs, batch: step });
        assert.equal(met, known?.batch ?? FRESH, `step ${step}`);
        if (!known) plain.keys = [...plain.keys.slice(1), { key, timeMs, batch: step }];
      }
      assert.equal(seen.size, plain.keys.length, `step ${step}`);
    }
  });
}

Deno.test(`seen keys forget what they are told to, unless another batch has brought it (SEED=${SEED})`, () => {
  const random = new Random(SEED);
  const seen = new SeenKeys({ maxKeys: 5000, windowMs: 0 });
  const known = new Map<number, number>();
  for (let step = 1; step < 4000; step++) {
    const key = random.below(600);
    if (random.chance(0.4)) {
      const batch = random.chance(0.5) ? known.get(key) ?? step : step;
      seen.forget(wordsOf(key), 0, batch);
      if (known.get(key) === batch) known.delete(key);
      continue;
    }
    const met = seen.meet({ words: wordsOf(key), at: 0, timeMs: step, batch: step });
    assert.equal(met, known.get(key) ?? FRESH, `step ${step}`);
    if (met === FRESH) known.set(key, step);
  }
});
