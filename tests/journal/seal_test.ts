import assert from "node:assert/strict";
import { crc32, zstdCompressSync } from "node:zlib";
import { JournalError } from "../../journal/fault.ts";
import {
  FLAG_SEALED,
  FLAG_ZSTD,
  makeSeal,
  MAX_PLAIN_BYTES,
  OPEN_ONLY,
  parseKeyFile,
  type Seal,
  type SealKey,
} from "../../journal/seal.ts";

const FLAGS = 9;
const KEY_ID = 52;
const FILE = "/etc/sluice/keys";
const HEX = "00112233445566778899aabbccddeeff".repeat(2);

/** A head with something in every byte that a tag vouches for. */
function head(): Uint8Array {
  const bytes = Uint8Array.from({ length: 64 }, (_, index) => index + 1);
  bytes[FLAGS] = 0;
  return bytes;
}

/** Stores a payload as a writer would: head and stored bytes as they come from the disk later. */
function store(seal: Seal, payload: Uint8Array) {
  const written = head();
  const { stored, flags, keyId } = seal.close(payload, written);
  written[FLAGS]! |= flags;
  new DataView(written.buffer).setUint32(KEY_ID, keyId, true);
  return { stored, head: written };
}

function key(name: string, fill: number): SealKey {
  return { name, id: crc32(name), bytes: new Uint8Array(32).fill(fill) };
}

function text(size: number): Uint8Array {
  return new TextEncoder().encode("GET /index.html HTTP/1.1\n".repeat(size)).subarray(0, size);
}

function noise(size: number): Uint8Array {
  let state = 7;
  return Uint8Array.from({ length: size }, () => (state = (state * 1103515245 + 12345) & 0x7fffffff) >>> 16);
}

const OLD = key("2025", 1);
const NEW = key("2026", 2);

const SEALS: readonly { readonly what: string; readonly seal: Seal; readonly flags: number }[] = [
  { what: "zstd", seal: makeSeal({ compression: "zstd" })!, flags: FLAG_ZSTD },
  { what: "a key", seal: makeSeal({ compression: "none", keys: [OLD] })!, flags: FLAG_SEALED },
  {
    what: "zstd and a key",
    seal: makeSeal({ compression: "zstd", keys: [OLD] })!,
    flags: FLAG_ZSTD | FLAG_SEALED,
  },
];

for (const { what, seal, flags } of SEALS) {
  Deno.test(`seal with ${what} gives every payload back`, () => {
    for (const size of [0, 1, 2, 127, 128, 129, 5000, 300_000]) {
      for (const payload of [text(size), noise(size)]) {
        const { stored, head } = store(seal, payload);
        const opened = seal.open(stored, head);
        assert.deepEqual(opened, payload);
        assert.equal(opened.byteOffset % 4, 0, "the event index is read as 32-bit words");
      }
    }
    assert.equal(store(seal, text(5000)).head[FLAGS], flags);
  });
}

Deno.test("seal keeps a payload uncompressed when zstd does not make it smaller", () => {
  const seal = makeSeal({ compression: "zstd" })!;
  for (const payload of [text(20), noise(5000), new Uint8Array()]) {
    assert.equal(store(seal, payload).stored, payload, "the very same bytes, no copy");
  }
  assert.ok(store(seal, text(5000)).stored.length < 200);
});

Deno.test("seal without compression and keys is none, and what zstd made still opens", () => {
  assert.equal(makeSeal({ compression: "none" }), undefined);
  assert.equal(makeSeal({ compression: "none", keys: [] }), undefined);
  const { stored, head } = store(makeSeal({ compression: "zstd" })!, text(5000));
  assert.deepEqual(OPEN_ONLY.open(stored, head), text(5000));
});

Deno.test("sealed payload shows nothing of the plain one and differs each time", () => {
  const seal = makeSeal({ compression: "none", keys: [OLD] })!;
  const [one, other] = [store(seal, text(500)), store(seal, text(500))];
  assert.equal(one.stored.length, 500 + 12 + 16);
  assert.ok(!new TextDecoder("latin1").decode(one.stored).includes("GET"));
  assert.notDeepEqual(one.stored, other.stored);
});

Deno.test("seal after a key rotation writes with the new key and opens frames of both", () => {
  const before = store(makeSeal({ compression: "none", keys: [OLD] })!, text(100));
  for (
    const seal of [
      makeSeal({ compression: "none", keys: [NEW, OLD] })!,
      makeSeal({ compression: "none", keys: [OLD, NEW], activeKey: "2026" })!,
    ]
  ) {
    const after = store(seal, text(200));
    assert.equal(new DataView(after.head.buffer).getUint32(KEY_ID, true), NEW.id);
    assert.deepEqual(seal.open(before.stored, before.head), text(100));
    assert.deepEqual(seal.open(after.stored, after.head), text(200));
  }
});

Deno.test("seal opens a frame of a group whose later frames were lost", () => {
  const seal = makeSeal({ compression: "none", keys: [OLD] })!;
  const written = head();
  written[FLAGS] = 1;
  const { stored, flags, keyId } = seal.close(text(100), written);
  new DataView(written.buffer).setUint32(KEY_ID, keyId, true);
  for (const more of [0, 1]) {
    written[FLAGS] = flags | more;
    assert.deepEqual(seal.open(stored, written), text(100));
  }
});

function fault(open: () => unknown): JournalError {
  try {
    open();
  } catch (cause) {
    assert.ok(cause instanceof JournalError, String(cause));
    assert.notEqual(cause.fix, "");
    return cause;
  }
  throw new assert.AssertionError({ message: "It opened" });
}

Deno.test("sealed payload opens with no other key, and says which one is missing", () => {
  const { stored, head } = store(makeSeal({ compression: "none", keys: [OLD] })!, text(100));
  const other = makeSeal({ compression: "none", keys: [key("2025", 9)] })!;
  assert.match(fault(() => other.open(stored, head)).message, /^Key "2025" does not open the payload/);
  const without = makeSeal({ compression: "none", keys: [NEW] })!;
  const id = OLD.id.toString(16).padStart(8, "0");
  assert.match(
    fault(() => without.open(stored, head)).message,
    new RegExp(`key id ${id}, .* \\(known: "2026"\\)`),
  );
  assert.match(fault(() => OPEN_ONLY.open(stored, head)).message, /\(known: none\)/);
});

Deno.test("sealed payload opens only behind its own head and as a whole", () => {
  const seal = makeSeal({ compression: "zstd", keys: [OLD] })!;
  const written = store(seal, text(5000));
  for (let at = 8; at < 48; at++) {
    const head = written.head.slice();
    head[at]! ^= at === FLAGS ? FLAG_ZSTD : 0x40;
    fault(() => seal.open(written.stored, head));
  }
  for (let at = 0; at < written.stored.length; at++) {
    const stored = written.stored.slice();
    stored[at]! ^= 1;
    fault(() => seal.open(stored, written.head));
    fault(() => seal.open(written.stored.subarray(0, at), written.head));
  }
});

/** A payload as an attacker or a broken disk may make it. */
function zstdFrame(plainBytes: number, compressed: Uint8Array) {
  const stored = new Uint8Array(4 + compressed.length);
  new DataView(stored.buffer).setUint32(0, plainBytes, true);
  stored.set(compressed, 4);
  const written = head();
  written[FLAGS] = FLAG_ZSTD;
  return { stored, head: written };
}

Deno.test("compressed payload that is larger than it says, or says too much, does not take memory", () => {
  const bomb = zstdCompressSync(new Uint8Array(32 * 1024 * 1024));
  const hostile = [
    [1000, bomb],
    [0, bomb],
    [MAX_PLAIN_BYTES + 1, bomb],
    [0xffffffff, bomb],
    [5000, zstdCompressSync(text(4999))],
    [5000, zstdCompressSync(text(5001))],
    [5000, zstdCompressSync(text(5000)).subarray(0, 20)],
    [5000, noise(500)],
    [5000, new Uint8Array()],
  ] as const;
  const before = Deno.memoryUsage();
  for (const [bytes, compressed] of hostile) {
    const { stored, head } = zstdFrame(bytes, compressed);
    assert.match(fault(() => OPEN_ONLY.open(stored, head)).message, /compressed/);
  }
  const grown = Deno.memoryUsage().external - before.external;
  assert.ok(grown < 16 * 1024 * 1024, `${grown} bytes more`);
  fault(() => OPEN_ONLY.open(new Uint8Array(3), zstdFrame(1, bomb).head));
});

Deno.test("key file gives its keys in order, in base64 and hexadecimal digits", () => {
  const base64 = btoa("0123456789abcdef0123456789abcdef");
  const keys = parseKeyFile(`\uFEFF# new\r\nk2 ${HEX}\r\n\n  # old\n\tk1   ${base64}  \n`, FILE);
  assert.deepEqual(keys.map(({ name, id }) => [name, id]), [["k2", crc32("k2")], ["k1", crc32("k1")]]);
  assert.equal(keys[0]!.bytes[1], 0x11);
  assert.equal(new TextDecoder().decode(keys[1]!.bytes), "0123456789abcdef0123456789abcdef");
});

const KEY_FILE_FAULTS: readonly { readonly text: string; readonly says: string }[] = [
  { text: "", says: `The key file "${FILE}" holds no key` },
  { text: "# only a comment\n", says: `The key file "${FILE}" holds no key` },
  { text: `k1 ${HEX}\nk2 ${HEX.slice(32)}\n`, says: 'line 2: key "k2" has 16 bytes, not 32' },
  { text: `k1 ${HEX}00`, says: 'line 1: key "k1" has 33 bytes, not 32' },
  { text: "k1 bm90IGxvbmcgZW5vdWdo", says: 'line 1: key "k1" has 15 bytes, not 32' },
  { text: "k1 käse", says: 'line 1: key "k1" is neither base64 nor hexadecimal digits' },
  { text: HEX, says: "line 1: it has 1 word, not a name and a key" },
  { text: `k1 ${HEX} k2`, says: "line 1: it has 3 words, not a name and a key" },
  { text: `k1 ${HEX}\n\nk1 ${HEX}`, says: 'line 3: key "k1" stands there twice' },
  // Two names of one CRC-32.
  {
    text: `plumless ${HEX}\nbuckeroo ${HEX}`,
    says: 'line 2: key "buckeroo" has the same id as key "plumless"',
  },
];

Deno.test("key file that cannot be used is refused with its line and without its keys", () => {
  for (const { text, says } of KEY_FILE_FAULTS) {
    const { message, fix, path } = fault(() => parseKeyFile(text, FILE));
    assert.ok(message.includes(says), `${message}, not ${says}`);
    assert.equal(path, FILE);
    assert.ok(!`${message}${fix}`.includes(HEX.slice(0, 16)), "a key is shown");
  }
});

Deno.test("active key that is not in the file is refused with those that are", () => {
  const cause = fault(() => makeSeal({ compression: "none", keys: [OLD, NEW], activeKey: "2027" }));
  assert.equal(cause.message, 'There is no key "2027"');
  assert.equal(cause.fix, 'write one of the key file: "2025", "2026"');
});
