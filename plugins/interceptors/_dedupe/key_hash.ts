// SipHash-1-3 with 128 bits out, in halves of 32 bits (low first): for short keys several times as fast as a call into
// the platform's hashes. Keyed by a secret, so that nobody can choose two events that collide.

/** Words of 32 bits in a key, and in a secret. */
export const KEY_WORDS = 4;

/** Where a key is written to. */
export interface KeyPlace {
  readonly words: Uint32Array;
  /** Index of the first word. */
  readonly at: number;
}

/** The four words of the state; kept out of the functions because one round is one call. */
let [a0, a1, b0, b1, c0, c1, d0, d1] = [0, 0, 0, 0, 0, 0, 0, 0];

/** Makes a key of 128 bits of some bytes. */
export function hashKey(bytes: Uint8Array, secret: Uint32Array, { words, at }: KeyPlace): void {
  start(secret);
  const { length } = bytes;
  const rest = length & ~7;
  for (let from = 0; from < rest; from += 8) {
    const low = bytes[from]! | bytes[from + 1]! << 8 | bytes[from + 2]! << 16 | bytes[from + 3]! << 24;
    const high = bytes[from + 4]! | bytes[from + 5]! << 8 | bytes[from + 6]! << 16 | bytes[from + 7]! << 24;
    absorb(low, high);
  }
  let [low, high] = [0, length << 24];
  for (let from = rest; from < length; from++) {
    if (from < rest + 4) low |= bytes[from]! << ((from - rest) * 8);
    else high |= bytes[from]! << ((from - rest - 4) * 8);
  }
  absorb(low, high);
  c0 ^= 0xee;
  finish({ words, at });
  b0 ^= 0xdd;
  finish({ words, at: at + 2 });
}

function start(secret: Uint32Array): void {
  const [s0, s1, s2, s3] = [secret[0]! | 0, secret[1]! | 0, secret[2]! | 0, secret[3]! | 0];
  a0 = s0 ^ 0x70736575;
  a1 = s1 ^ 0x736f6d65;
  b0 = s2 ^ 0x6e646f6d ^ 0xee;
  b1 = s3 ^ 0x646f7261;
  c0 = s0 ^ 0x6e657261;
  c1 = s1 ^ 0x6c796765;
  d0 = s2 ^ 0x79746573;
  d1 = s3 ^ 0x74656462;
}

function absorb(low: number, high: number): void {
  d0 ^= low;
  d1 ^= high;
  round();
  a0 ^= low;
  a1 ^= high;
}

function finish({ words, at }: KeyPlace): void {
  round();
  round();
  round();
  words[at] = a0 ^ b0 ^ c0 ^ d0;
  words[at + 1] = a1 ^ b1 ^ c1 ^ d1;
}

function round(): void {
  let sum = (a0 >>> 0) + (b0 >>> 0);
  let low = b0 << 13 | b1 >>> 19;
  a1 = a1 + b1 + (sum > 0xffffffff ? 1 : 0) | 0;
  b1 = (b1 << 13 | b0 >>> 19) ^ a1;
  b0 = low ^ sum;
  a0 = a1;
  a1 = sum | 0;
  sum = (c0 >>> 0) + (d0 >>> 0);
  low = d0 << 16 | d1 >>> 16;
  c1 = c1 + d1 + (sum > 0xffffffff ? 1 : 0) | 0;
  c0 = sum | 0;
  d1 = (d1 << 16 | d0 >>> 16) ^ c1;
  d0 = low ^ c0;
  sum = (a0 >>> 0) + (d0 >>> 0);
  low = d0 << 21 | d1 >>> 11;
  a1 = a1 + d1 + (sum > 0xffffffff ? 1 : 0) | 0;
  a0 = sum | 0;
  d1 = (d1 << 21 | d0 >>> 11) ^ a1;
  d0 = low ^ a0;
  sum = (c0 >>> 0) + (b0 >>> 0);
  low = b0 << 17 | b1 >>> 15;
  c1 = c1 + b1 + (sum > 0xffffffff ? 1 : 0) | 0;
  b1 = (b1 << 17 | b0 >>> 15) ^ c1;
  b0 = low ^ sum;
  c0 = c1;
  c1 = sum | 0;
}
