import assert from "node:assert/strict";
import {
  bool,
  bytes,
  choice,
  duration,
  int,
  list,
  metaOf,
  port,
  regex,
  secret,
  text,
  url,
  type z,
} from "sluice/plugin";

/** field, value that is written, what it gives; `undefined` where it is refused. */
const CASES: readonly [string, z.ZodType, unknown, unknown][] = [
  ["duration", duration("ms"), "10s", 10_000],
  ["duration", duration("ms"), 500, 500],
  ["duration", duration("ms"), "1.5m", 90_000],
  ["duration", duration("s"), "2h", 7200],
  ["duration", duration("s"), "30", 30],
  ["duration", duration("s"), "500ms", 0.5],
  ["duration", duration("ms"), "ten", undefined],
  ["duration", duration("ms"), "5 parsecs", undefined],
  ["bytes", bytes(), "64KiB", 65_536],
  ["bytes", bytes(), "1.5 MB", 1_500_000],
  ["bytes", bytes(), "2g", 2 * 1024 ** 3],
  ["bytes", bytes(), "-1", undefined],
  ["int", int({ min: 1 }), "17", 17],
  ["int", int({ min: 1 }), 0, undefined],
  ["int", int(), "9223372036854775807", Number.MAX_SAFE_INTEGER],
  ["int", int(), "1e3", undefined],
  ["int", int(), "", undefined],
  ["bool", bool(), "TRUE", true],
  ["bool", bool(), false, false],
  ["bool", bool(), "yes", undefined],
  ["choice", choice(["rename", "tracker_dir"]), "RENAME", "rename"],
  ["choice", choice(["rename", "tracker_dir"]), "delete", undefined],
  ["port", port(), "65535", 65_535],
  ["port", port(), 65_536, undefined],
  ["text", text(), 8080, "8080"],
  ["text", text(), { a: 1 }, undefined],
  ["list", list(), "c1 c2,c3", ["c1", "c2", "c3"]],
  ["list", list(), ["c1", 2], ["c1", "2"]],
  ["url", url(["http", "https"]), "https://log.example/in?x=1", "https://log.example/in?x=1"],
  ["url", url(["http", "https"]), "ftp://log.example", undefined],
  ["url", url(["http"]), "not a url", undefined],
];

for (const [name, field, written, expected] of CASES) {
  const outcome = expected === undefined ? "refuses" : "reads";
  Deno.test(`${name} ${outcome} ${JSON.stringify(written)}`, () => {
    const result = field.safeParse(written);
    assert.deepEqual(result.success ? result.data : undefined, expected);
  });
}

Deno.test("regex refuses what does not compile, with the reason", () => {
  const result = regex().safeParse("(unclosed");
  assert.ok(!result.success);
  assert.match(result.error.issues[0]!.message, /^Expected a regular expression: .+/);
});

Deno.test("field metadata is read through default and optional", () => {
  assert.equal(metaOf(duration("ms").default(5).describe("Wait.")).unit, "ms");
  assert.equal(metaOf(duration("ms").default(5).describe("Wait.")).description, "Wait.");
  assert.equal(metaOf(secret().optional()).secret, true);
});
