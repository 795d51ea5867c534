import assert from "node:assert/strict";
import fc from "fast-check";
import { BodyTexts, EventBatch, linearFallbackActive, Pattern, splitLines } from "sluice/plugin";

const ACCESS = '203.0.113.9 - anna [12/Mar/2026:08:14:02 +0000] "GET /größe/漢字 HTTP/1.1" 200 5123';

/** What Java 17 finds: expression, text, first match. */
const FOUND_BY_JAVA: readonly (readonly [source: string, text: string, match: string | null])[] = [
  ["(?i)error|WARN", "an Error", "Error"],
  ["(?i)straße", "STRAßE", "STRAßE"],
  ["(?i)É", "é", null],
  ["(?iu)É", "é", "é"],
  ["a|(?i)b|c", "C", "C"],
  ["x(?i:ab)c", "xABc", "xABc"],
  ["x(?i:ab)c", "xABC", null],
  ["^.$", "é", "é"],
  ["^.{3}$", "a😀b", "a😀b"],
  [".", "\u0085", null],
  ["(?s).", "\u0085", "\u0085"],
  ["(?d).", "\r", "\r"],
  ["a$", "a\n", "a"],
  ["a$", "a\r\n", "a"],
  ["a$", "a\u0085", "a"],
  ["a$", "a\n\n", null],
  ["a\\z", "a\n", null],
  ["a\\Z", "a\n", "a"],
  ["(?m)^b$", "a\r\nb\nc", "b"],
  ["(?m)^", "", null],
  ["\\h+", "\u00a0\t", "\u00a0\t"],
  ["\\s", "\u00a0", null],
  ["\\R", "\r\n", "\r\n"],
  ["a++b", "aaab", "aaab"],
  ["a++a", "aaa", null],
  ["(?>a|ab)c", "abc", null],
  ['"[^"]*+"', 'say "so"', '"so"'],
  ["[a-c&&[^b]]+", "abc", "a"],
  ["[^a-c&&[^b]]", "b", "b"],
  ["[a[bc]]+", "xcab", "cab"],
  ["[]a]+", "]a", "]a"],
  ["\\p{Alpha}+", "éab", "ab"],
  ["\\p{L}+", "1éab", "éab"],
  ["\\p{IsGreek}+", "aαβb", "αβ"],
  ["\\p{javaUpperCase}", "aÉ", "É"],
  ["\\Qa.b\\E+", "a.bb", "a.bb"],
  ["(?x) a b # both\n c", "abc", "abc"],
  ["(?<first>.)\\k<first>", "hello", "ll"],
  ["\\x41\\u00e9\\0101", "AéA", "AéA"],
  ["[\\x{1F600}-\\x{1F64F}]", "a😀", "😀"],
];

for (const [source, text, match] of FOUND_BY_JAVA) {
  Deno.test(`pattern ${source} finds in ${JSON.stringify(text)} what Java finds`, () => {
    assert.equal(new Pattern(source).exec(text)?.[0] ?? null, match);
  });
}

Deno.test("pattern numbers groups as written when a possessive part adds its own", () => {
  const match = new Pattern("(?>x|(y))(\\d++)(?<unit>[a-z]+)\\2").exec("y12ms12")!;
  assert.deepEqual([...match], ["y12ms12", "y", "12", "ms"]);
  assert.equal(match.index, 0);
});

Deno.test("pattern matches only the whole text when asked for that", () => {
  const pattern = new Pattern("internal|internal\\..*");
  assert.equal(pattern.matches("internal.node"), true);
  assert.equal(pattern.matches("my.internal"), false);
  assert.equal(new Pattern("a").matches("a\n"), false);
});

const UNREADABLE: readonly (readonly [source: string, reason: RegExp])[] = [
  ["(a", /"\(" has no "\)"/],
  ["a)", /"\)" has no "\("/],
  ["[a", /"\[" has no "\]"/],
  ["*a", /"\*" has nothing to repeat/],
  ["a{3,2}", /run backwards/],
  ["[z-a]", /runs backwards/],
  ["\\y", /"\\y" has no meaning/],
  ["\\Gx", /"\\G" is not supported/],
  ["(?P<year>x)", /\(\?<name>/],
  ["(?U)x", /flag "U"/],
  ["\\p{InGreek}", /no character class "InGreek"/],
  ["(a)\\2", /no group 2/],
  ["a**", /cannot be repeated/],
  ["(?<=a++[ab])c", /lookbehind/],
];

for (const [source, reason] of UNREADABLE) {
  Deno.test(`pattern ${source} is refused with its reason`, () => {
    assert.throws(() => new Pattern(source), (thrown) => {
      return thrown instanceof SyntaxError && reason.test(thrown.message);
    });
  });
}

Deno.test("pattern replaces every match and never cuts a surrogate pair", () => {
  const pattern = new Pattern("x*");
  assert.equal(pattern.replaceAll("a😀xb", () => "_"), "_a_😀__b_");
  assert.equal(new Pattern("\\d+").replaceAll("no digits", () => "_"), undefined);
});

Deno.test("pattern uses no flag and no lookaround where the text does not ask for it", () => {
  const { regexp } = new Pattern("(?i)^(a+)+$");
  assert.equal(regexp.flags, "");
  assert.equal(regexp.source, "^([Aa]+)+$");
});

Deno.test("linear fallback gives the same answer each time it is asked for", () => {
  assert.equal(linearFallbackActive(), linearFallbackActive());
});

const LINES = fc.oneof(
  fc.constantFrom(
    ACCESS,
    "",
    "plain ASCII 42",
    "über 7 Fälle",
    "😀 ok",
    "ERROR 500 x",
    "a\rb",
    "tail\r",
    "12.5 MB",
  ),
  fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => text.replaceAll("\n", " ")),
).map((text) => new TextEncoder().encode(text));
const INVALID = fc.uint8Array({ maxLength: 8 }).map((bytes) => bytes.filter((byte) => byte !== 10));
const POOL = [
  "^(\\S+) \\S+ \\S+ \\[([^\\]]+)\\]",
  "(\\d+)$",
  "[^ ]+",
  "^.$",
  "",
  "(?m)^(\\w*)$",
  "(?i)error|ok",
  "\\bü|\\s\\S+$",
  "[^a-z]{2,}?(.)",
  "(\\p{L}+)\\s",
  "\\d++[^\\d]",
  "^$|😀",
];

Deno.test("pattern finds in a batch what it finds in each event's text", () => {
  const bodies = fc.array(fc.oneof({ weight: 4, arbitrary: LINES }, INVALID), { maxLength: 20 });
  fc.assert(fc.property(fc.constantFrom(...POOL), bodies, fc.boolean(), (source, lines, cutReturn) => {
    const pattern = new Pattern(source);
    const bytes = new Uint8Array(lines.flatMap((line) => [...line, 10]));
    const index = splitLines(bytes, { cutReturn });
    for (const batch of [new EventBatch({ block: bytes, ...index }), EventBatch.ofBodies(lines)]) {
      const found: unknown[] = [];
      pattern.execAll(batch, (_, match) => void found.push(match === null ? null : [...match]));
      const expected = Array.from({ length: batch.size }, (_, at) => pattern.exec(batch.text(at)));
      assert.deepEqual(found, expected.map((match) => match === null ? null : [...match]));
      assert.deepEqual(Array.from(pattern.testAll(batch)), expected.map((match) => match === null ? 0 : 1));
    }
  }));
});

Deno.test("body texts skip bytes between bodies when they look for characters beyond ASCII", () => {
  const block = new TextEncoder().encode("é one é two ü");
  const batch = new EventBatch({ block, starts: Uint32Array.of(3, 10), ends: Uint32Array.of(6, 16) });
  const texts = new BodyTexts(batch);
  assert.deepEqual([texts.at(0), texts.at(1)], ["one", "two ü"]);
  assert.deepEqual([texts.isWide(0), texts.isWide(1)], [false, true]);
});
