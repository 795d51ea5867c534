import assert from "node:assert/strict";
import fc from "fast-check";
import { isHttpRequest, readOpening } from "../../../../plugins/sources/_syslog/first_bytes.ts";
import { type Framing, NewlineFraming } from "../../../../plugins/sources/_syslog/frames.ts";
import { OctetFraming } from "../../../../plugins/sources/_syslog/octet_framing.ts";
import { latin1 } from "./golden.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
/** More in a long run. */
const FUZZ_RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 500);
const OPTIONS = { numRuns: FUZZ_RUNS, ...SEED === undefined ? {} : { seed: Number(SEED) } };

interface Found {
  readonly frames: string[];
  readonly fault: string | undefined;
  /** The most that was held back at once. */
  readonly heldBytes: number;
}

/** Feeds pieces as a connection does, and ends it. */
function feed(framing: Framing, pieces: readonly Uint8Array[]): Found {
  const frames: string[] = [];
  let rest = new Uint8Array(0);
  let heldBytes = 0;
  for (let place = 0; place <= pieces.length; place++) {
    const bytes = new Uint8Array([...rest, ...pieces[place] ?? []]);
    const found = framing.split(bytes, place === pieces.length);
    for (let index = 0; index < found.size; index++) {
      frames.push(String.fromCharCode(...bytes.subarray(found.starts[index], found.ends[index])));
    }
    if (found.fault !== undefined) return { frames, fault: found.fault, heldBytes };
    rest = bytes.slice(found.consumedBytes);
    heldBytes = Math.max(heldBytes, rest.length);
  }
  return { frames, fault: undefined, heldBytes };
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const FRAME = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => String.fromCharCode(...bytes))
  .filter((frame) => !frame.endsWith("\n"));
const PLACES = fc.array(fc.nat(500), { maxLength: 8 });

Deno.test("octet counting finds each frame, newlines and all, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(FRAME), PLACES, fc.constantFrom("", "\n"), (frames, places, behind) => {
      const bytes = latin1(frames.map((frame) => `${frame.length} ${frame}${behind}`).join(""));
      assert.deepEqual(feed(new OctetFraming(100), cut(bytes, places)).frames, frames);
    }),
    OPTIONS,
  );
});

Deno.test("newline framing finds each line, however the bytes are cut, and never holds more than a frame", () => {
  const line = FRAME.map((frame) => frame.replaceAll("\n", " "));
  fc.assert(
    fc.property(fc.array(line), PLACES, (lines, places) => {
      const bytes = latin1(lines.map((each) => `${each}\n`).join(""));
      const { frames, heldBytes } = feed(new NewlineFraming(16), cut(bytes, places));
      assert.deepEqual(frames, lines.flatMap((each) => each.match(/[^]{1,16}/g) ?? []));
      assert.ok(heldBytes <= 16, `${heldBytes} bytes are held`);
    }),
    OPTIONS,
  );
});

Deno.test("octet counting takes any bytes to their end or says why not, and never holds more than a frame and its length", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.stringMatching(/^([0-9]{1,3} ?<?[a-c\n]{0,9}){0,9}$/).map(latin1),
  );
  fc.assert(
    fc.property(bytes, PLACES, (bytes, places) => {
      const { frames, heldBytes } = feed(new OctetFraming(16), cut(bytes, places));
      assert.ok(frames.every(({ length }) => length <= 16));
      assert.ok(heldBytes <= 16 + 9, `${heldBytes} bytes are held`);
    }),
    OPTIONS,
  );
});

Deno.test("octet counting gives a frame that is too long in pieces, before all of it has come", () => {
  const pieces = [latin1("25 <13>abcdefghij"), latin1("klmnopqrstu"), latin1("5 <13>x")];
  assert.deepEqual(feed(new OctetFraming(10), pieces).frames, ["<13>abcdef", "ghijklmnop", "qrstu", "<13>x"]);
});

Deno.test("octet counting takes the newline that some put behind a frame for no part of it", () => {
  assert.deepEqual(feed(new OctetFraming(100), [latin1("8 <13>abc\n8 <13>def\n\n5 <13>x")]).frames, [
    "<13>abc",
    "<13>def",
    "<13>x",
  ]);
});

Deno.test("octet counting gives what it has of the last frame, when the connection ends within it", () => {
  assert.deepEqual(feed(new OctetFraming(100), [latin1("7 <13>abc20 <13>def")]).frames, [
    "<13>abc",
    "<13>def",
  ]);
});

for (
  const [sent, frames, fault] of [
    ["7 <13>abc<13>def\n", ["<13>abc"], /length of a frame.*not "<13>def\\n"/],
    ["7 <13>abc0 ", ["<13>abc"], /not "0 "/],
    ["7 <13>abc12a ", ["<13>abc"], /not "12a "/],
    ["2147483648 <13>abc", [], /A frame of \d+ bytes or more is announced; the limit is 16777216/],
    ["99999999999999999999999", [], /is announced/],
  ] as const
) {
  Deno.test(`octet counting gives what came before ${JSON.stringify(sent.slice(-12))} and says what is wrong`, () => {
    const found = feed(new OctetFraming(100), [latin1(sent)]);
    assert.deepEqual(found.frames, frames);
    assert.match(found.fault ?? "", fault);
  });
}

for (
  const [start, expected] of [
    ["<13>Nov 21", "newline"],
    ["no syslog", "newline"],
    ["1", "undecided"],
    ["12", "undecided"],
    ["12 ", "undecided"],
    ["12 <", "octets"],
    ["12 a", "newline"],
    ["01 <", "newline"],
    ["123456789 <", "newline"],
    ["2026-11-21", "newline"],
    ["12<34>", "newline"],
    ["\x16\x03\x01", "fault"],
    ["\x16\x04\x01", "newline"],
  ] as const
) {
  Deno.test(`the first bytes ${JSON.stringify(start)} tell: ${expected}`, () => {
    const { framing, fault } = readOpening(latin1(start), "auto", 100);
    const told = fault !== undefined
      ? "fault"
      : framing instanceof OctetFraming
      ? "octets"
      : framing instanceof NewlineFraming
      ? "newline"
      : "undecided";
    assert.equal(told, expected);
  });
}

for (
  const [line, expected] of [
    ["GET / HTTP/1.1\r", true],
    ["POST /events HTTP/1.0", true],
    ["PRI * HTTP/2.0\r", true],
    ["GET /" + "a".repeat(3000), true],
    ["OPTIONS * HTTP/1.1", true],
    ["GET / of the day", false],
    ["<13>Nov 21 10:00:00 h GET / HTTP/1.1", false],
    ["GETTING HTTP/1.1 to work", false],
  ] as const
) {
  Deno.test(`the first line ${JSON.stringify(line.slice(0, 40))} is ${expected ? "an" : "no"} HTTP request`, () => {
    assert.equal(isHttpRequest(line), expected);
  });
}
