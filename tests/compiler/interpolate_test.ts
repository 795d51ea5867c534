import assert from "node:assert/strict";
import { Report } from "../../compiler/diagnostics.ts";
import { interpolate } from "../../compiler/interpolate.ts";
import { YAML } from "../../compiler/syntax.ts";
import { LookupVariables } from "../../compiler/variables.ts";
import { brief } from "./_around.ts";

async function expand(text: string) {
  const report = new Report("plant.yaml");
  const env: Readonly<Record<string, string>> = { HOST: "mill", PORT: "80", EMPTY: "", KEY: "HOST" };
  const variables = new LookupVariables({
    env: (name: string) => env[name],
    systemProperty: (name) => name === "role" ? "miller" : undefined,
    now: () => new Date(2024, 1, 3, 4, 5, 6),
    readText: (path: string) =>
      path === "token" ? Promise.resolve("open\nsesame\r\n") : Promise.reject(new Error("gone")),
  }, { report, syntax: YAML });
  const node = await interpolate(
    { place: { line: 3, column: 5 }, scalar: { text, value: text } },
    variables,
    report,
  );
  return { ...node.scalar, isBroken: node.isBroken, complaints: brief(report.sorted()) };
}

const CASES: readonly (readonly [string, string])[] = [
  ["${HOST}:${env:PORT}", "mill:80"],
  ["${NOWHERE:-elsewhere}", "elsewhere"],
  ["${NOWHERE:-}", ""],
  ["${EMPTY:-x}", ""],
  ["${NOWHERE:-${HOST}}", "mill"],
  ["${${KEY}}", "mill"],
  ["${file:token}", "open\nsesame"],
  ["${file:lost:-none}", "none"],
  ["${NOWHERE:-http://x:1}", "http://x:1"],
  ["$${HOST} costs 5$", "${HOST} costs 5$"],
  ["$${HOST never closes", "${HOST never closes"],
  ["${sys:role}", "miller"],
  ["${date:yyyy-MM-dd'T'HH:mm}", "2024-02-03T04:05"],
  ["^a+$", "^a+$"],
];
for (const [text, expected] of CASES) {
  Deno.test(`interpolation turns ${text} into ${JSON.stringify(expected)}`, async () => {
    const { text: expanded, complaints } = await expand(text);
    assert.equal(expanded, expected);
    assert.deepEqual(complaints, []);
  });
}

Deno.test("interpolation reads numbers that come from a variable as numbers", async () => {
  assert.equal((await expand("${PORT}")).value, 80);
});

for (
  const text of [
    "${NOWHERE}",
    "${file:lost}",
    "${date:bbb}",
    "${sys:nobody}",
    "${clock:now}",
    "${HOST",
    "${HOST%%.*}",
    "${}",
  ]
) {
  Deno.test(`interpolation complains about ${text} at its place, and marks the value`, async () => {
    const { isBroken, complaints } = await expand(text);
    assert.equal(isBroken, true);
    assert.equal(complaints.length, 1);
    assert.match(complaints[0]!, /^3:5 error (?:missing|bad)-/);
  });
}
