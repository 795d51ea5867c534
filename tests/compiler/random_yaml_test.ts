import assert from "node:assert/strict";
import fc from "fast-check";
import { renderDiagnostics } from "../../compiler/diagnostics.ts";
import { compileText } from "./_around.ts";

const seed = Number(Deno.env.get("SLUICE_SEED") ?? Date.now() % 2 ** 31);
const KEYS = [
  ...[
    "source",
    "sources",
    "channel",
    "channels",
    "sink",
    "sinks",
    "sinkGroups",
    "agents",
    "name",
    "x-a",
    "<<",
    "type",
  ],
  ...[
    "interceptors",
    "selector",
    "selector.type",
    "sources.a.type",
    "processor",
    "port",
    "headers",
    "filegroups",
  ],
  ...[
    "filegroups.f1",
    "deserializer",
    "deserializer.type",
    "store.path",
    "store",
    "serializers",
    "__proto__",
    "a.b.c",
  ],
];
const WORDS = [
  "probe",
  "store",
  "memory",
  "a b",
  "mark",
  "${X}",
  "${X:-y}",
  "./_plugins/no_plugin.ts",
  "",
  "(a+)+",
  "1.10",
];

const scalar = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    scalar,
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie("tree"), {
      maxKeys: 6,
      noNullPrototype: true,
    }),
  ),
}));

async function compiles(text: string): Promise<void> {
  const { plan, diagnostics } = await compileText(text);
  const lines = text.split(/\r\n|\n|\r/).length;
  for (const { line, column } of diagnostics) assert.ok(line >= 1 && line <= lines + 1 && column >= 1);
  assert.equal(plan === undefined, diagnostics.some(({ severity }) => severity === "error"));
  // Two lines at most for each complaint, whatever stands in the values.
  assert.ok(renderDiagnostics(diagnostics).split("\n").length <= 2 * diagnostics.length + 1);
}

Deno.test(`random trees compile to a plan or to complaints (SLUICE_SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (value) => await compiles(JSON.stringify(value))),
    { seed, numRuns: 300 },
  );
});

Deno.test(`random text compiles to a plan or to complaints (SLUICE_SEED=${seed})`, async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...KEYS,
      ...WORDS,
      ": ",
      ":\n",
      "\n",
      "\n  ",
      "- ",
      "{",
      "}",
      "[",
      "]",
      ", ",
      "&a ",
      "*a",
      "|\n",
      '"',
      "'",
      "\t",
    ),
    fc.string({ maxLength: 5, unit: "binary" }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => await compiles(pieces.join(""))),
    { seed, numRuns: 500 },
  );
});

Deno.test("aliases that multiply, and values that contain themselves, are refused", async () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (const [from, to] of ["ab", "bc", "cd", "de", "ef"]) {
    bomb.push(`${to}: &${to} [${`*${from}, `.repeat(10)}]`);
  }
  for (const text of [bomb.join("\n"), "source: &a { b: *a }", `${"[".repeat(500)}${"]".repeat(500)}`]) {
    const { diagnostics } = await compileText(text);
    assert.ok(diagnostics.some(({ code }) => ["too-large", "yaml-syntax"].includes(code)), text.slice(0, 50));
  }
});
