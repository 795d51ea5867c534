import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDocument } from "yaml";
import { compile } from "../../compiler/compile.ts";
import { convertProperties } from "../../compiler/convert.ts";
import { renderDiagnostics } from "../../compiler/diagnostics.ts";
import { FOLDER, testSurroundings } from "./_around.ts";
import { compileConf, CONF } from "./_conf.ts";
import { randomConf } from "./_random_conf.ts";

const seed = Number(Deno.env.get("SLUICE_SEED") ?? Date.now() % 2 ** 31);
const numRuns = Number(Deno.env.get("FUZZ_RUNS") ?? 400);
const KEYS = [
  ...[
    "a1",
    "a1.sources",
    "a1.sources.r1",
    "a1.sources.r1.type",
    "a1.sources.r1.channels",
    "a1.sources.r1.port",
  ],
  ...[
    "a1.sources.r1.interceptors",
    "a1.sources.r1.interceptors.i1.type",
    "a1.sources.r1.selector",
    "a1.channels",
  ],
  ...[
    "a1.sources.r1.selector.mapping.x",
    "a1.channels.c1.type",
    "a1.sinks",
    "a1.sinks.k1.type",
    "a1.sinks.k1.channel",
  ],
  ...[
    "a1.sinkgroups",
    "a1.sinkgroups.g1.sinks",
    "a1.sinkgroups.g1.processor.type",
    "a1.configfilters",
    "a2.sources",
  ],
  ...[
    "a1.configfilters.f.type",
    "a1.deadLetters",
    "a1.stateDir",
    "a1.sources.r1.filegroups",
    "__proto__",
    "a1.__proto__.x",
  ],
];
const PIECES = [
  ...[
    "\n",
    "\r\n",
    "\r",
    "\\\n",
    "\\",
    "\\\\",
    "\\u",
    "\\u00e9",
    "=",
    " = ",
    ":",
    " ",
    "\t",
    "\f",
    "#",
    " # ",
    "!",
    ",",
    ".",
  ],
  ...[
    "${",
    "}",
    "$$",
    "${a1.sources}",
    '${f["k"]}',
    "${x:-y}",
    "${env:PORT}",
    "'",
    '"',
    "\uFEFF",
    "probe",
    "store",
  ],
  ...[
    "memory",
    "r1",
    "c1",
    "k1",
    "g1 g2",
    "i1",
    "multiplexing",
    "failover",
    "env",
    "8080",
    "./x.ts",
    "com.x.Y$Builder",
  ],
];
const line = fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom(...PIECES), fc.constantFrom(...PIECES))
  .map(([key, one, other]) => `${key} = ${one}${other}\n`);
const piece = fc.oneof(
  line,
  fc.constantFrom(...KEYS, ...PIECES),
  fc.string({ maxLength: 5, unit: "binary" }),
);
const anyText = fc.tuple(fc.constantFrom("", CONF), fc.array(piece, { maxLength: 40 }))
  .map(([start, pieces]) => start + pieces.join(""));
/** Characters of a file that means something, some of them gone or changed. */
const damagedText = fc.tuple(
  randomConf,
  fc.array(fc.tuple(fc.nat(), fc.constantFrom("", ...PIECES)), { maxLength: 8 }),
)
  .map(([text, changes]) =>
    changes.reduce((text, [from, put]) => {
      const at = from % (text.length + 1);
      return text.slice(0, at) + put + text.slice(at + (from % 3));
    }, text)
  );

async function compiles(text: string): Promise<void> {
  const { plan, diagnostics } = await compileConf(text, { agent: "a1" });
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (const { line, column, text: said } of diagnostics) {
    const width = lines[line - 1]?.length;
    assert.ok(width !== undefined && column >= 1 && column <= width + 1, `${line}:${column} ${said}`);
  }
  assert.equal(plan === undefined, diagnostics.some(({ severity }) => severity === "error"));
  assert.ok(renderDiagnostics(diagnostics).split("\n").length <= 2 * diagnostics.length + 1);
}

for (const [name, texts] of [["random", anyText], ["damaged", damagedText]] as const) {
  Deno.test(`${name} properties compile to a plan or to findings inside of the text (SLUICE_SEED=${seed})`, async () => {
    await fc.assert(fc.asyncProperty(texts, compiles), { seed, numRuns });
  });

  Deno.test(`${name} properties mean the same when they are converted (SLUICE_SEED=${seed})`, async () => {
    // A file of two agents takes long to shrink, and the seed brings it back.
    await fc.assert(fc.asyncProperty(texts, converts), { seed, numRuns, endOnFailure: true });
  });
}

/** Whatever the text: what comes out is YAML, and when there is a plan, it is the plan of both. */
async function converts(text: string): Promise<void> {
  const around = testSurroundings({ agent: "a1" });
  const { yaml } = await convertProperties(text, `${FOLDER}flume.conf`, around);
  assert.deepEqual(parseDocument(yaml).errors, []);
  const { plan } = await compileConf(text, { agent: "a1" });
  if (!plan) return;
  const converted = await compile(yaml, `${FOLDER}flume.yaml`, around);
  assert.ok(converted.plan, yaml + renderDiagnostics(converted.diagnostics));
  assert.deepEqual(converted.plan, plan, yaml);
}
