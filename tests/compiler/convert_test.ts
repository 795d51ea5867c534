import assert from "node:assert/strict";
import fc from "fast-check";
import { compile } from "../../compiler/compile.ts";
import { convertProperties } from "../../compiler/convert.ts";
import { renderDiagnostics } from "../../compiler/diagnostics.ts";
import type { Plan } from "../../core/plan.ts";
import { denoSurroundings } from "../../commands/_surroundings.ts";
import type { Surroundings } from "../../compiler/surroundings.ts";
import { FOLDER, testSurroundings } from "./_around.ts";
import { CONF } from "./_conf.ts";
import { randomConf } from "./_random_conf.ts";

const seed = Number(Deno.env.get("SLUICE_SEED") ?? Date.now() % 2 ** 31);
const CONFS = "tests/data/flume/confs/";

/** Asserts that each agent of a Flume file compiles to the same plan in YAML; answers with how many had a plan. */
async function assertSame(text: string, file: string, surroundings: Surroundings): Promise<number> {
  const { yaml } = await convertProperties(text, file, surroundings);
  let plans = 0;
  for (const agent of new Set(Array.from(text.matchAll(/^(a\d)\./gm), ([, name]) => name!))) {
    const flume = await compile(text, file, { ...surroundings, agent });
    const converted = await compile(yaml, file.replace(/conf$/, "yaml"), { ...surroundings, agent });
    const said = `${yaml}\n${renderDiagnostics(converted.diagnostics)}`;
    if (!flume.plan) {
      assert.equal(converted.plan, undefined, said);
      continue;
    }
    assert.ok(converted.plan, said);
    assert.deepEqual(plainPlan(converted.plan), plainPlan(flume.plan), said);
    plans++;
  }
  return plans;
}

/** Plugins by their names, so that a difference can be read. */
function plainPlan(plan: Plan): unknown {
  return JSON.parse(
    JSON.stringify(plan, (key, value) => key === "plugin" ? `${value.kind} ${value.name}` : value),
  );
}

for (const { name } of Deno.readDirSync(CONFS)) {
  if (!name.endsWith(".conf")) continue;
  Deno.test(`${name} means the same when it is converted`, async () => {
    const text = await Deno.readTextFile(CONFS + name);
    const classes = {
      "com.stt.demo.flume.Ch01_mySource.MySource": "./tests/compiler/_plugins/any_source.ts",
      "com.atguigu.source.SQLSource": "./tests/compiler/_plugins/any_source.ts",
    };
    await assertSame(text, CONFS + name, { ...denoSurroundings(undefined, "state"), classes });
  });
}

Deno.test(`random Flume files mean the same when they are converted (SLUICE_SEED=${seed})`, async () => {
  let plans = 0;
  await fc.assert(
    fc.asyncProperty(randomConf, async (text) => {
      plans += await assertSame(text, `${FOLDER}flume.conf`, testSurroundings());
    }),
    { seed, numRuns: Number(Deno.env.get("FUZZ_RUNS") ?? 200) },
  );
  assert.ok(plans > 50, `only ${plans} had a plan`);
});

const converted = async (text: string, change = {}) =>
  (await convertProperties(text, `${FOLDER}flume.conf`, testSurroundings(change))).yaml;

const COMMENTED = `# All about r1.
! And more.
${CONF.replace("type = memory", "type = memory # volatile")}
# A word that nobody knows.
a1.sources.r1.wrod = 1
a1.sources.r1.tags = \${base} x
base = one
# The end.
`;
const COMMENTED_YAML = `# Converted from flume.conf.
# base = one
#   written out where it is named
name: a1

# All about r1.
# And more.
sources:
  r1:
    type: probe
    port: 4711
    channels: [c1]
    # A word that nobody knows.
    # a1.sources.r1.wrod = 1
    #   left out, as Flume does: source "r1" (probe) has no field "wrod"
    # \${base} is written out: YAML has no names of other properties
    tags: one x

channels:
  c1: memory # volatile

sinks:
  k1:
    type: store
    store.path: /srv/a
    channel: c1

# The end.
`;

Deno.test("a converted file keeps the user's comments near their keys, and says why something is left out", async () => {
  assert.equal(await converted(COMMENTED), COMMENTED_YAML);
});

Deno.test("several agents become agents:, a chosen one a file of its own", async () => {
  const text = CONF + CONF.replaceAll("a1.", "a2.");
  const yaml = await converted(text);
  assert.ok(
    yaml.includes("\nagents:\n  a1:\n    sources:\n") && yaml.includes("\n\n  a2:\n    sources:\n"),
    yaml,
  );
  const one = await converted(text, { agent: "a2" });
  assert.match(one, /^name: a2$/m);
  assert.doesNotMatch(one, /a1/);
});

Deno.test("mapped classes become classes:, config filters keep their settings", async () => {
  const yaml = await converted(
    `${CONF}a1.configfilters = x
a1.configfilters.x.type = external
a1.configfilters.x.command = /bin/echo v
a1.sources.r1.token = \${x["k"]}
`.replace("type = probe", "type = com.x.Probe"),
    { classes: { "com.x.Probe": "/opt/probe.ts" } },
  );
  assert.ok(yaml.includes("\nclasses:\n  com.x.Probe: /opt/probe.ts\n"), yaml);
  assert.ok(yaml.includes("\nconfigFilters:\n  x:\n    type: external\n    command: /bin/echo v\n"), yaml);
  assert.match(yaml, /token: \$\{x\["k"\]\}\n/);
});

Deno.test("a file without agents cannot be converted, and says so", async () => {
  const { yaml, diagnostics } = await convertProperties("port = 1", "flume.conf", testSurroundings());
  assert.equal(yaml, "");
  assert.deepEqual(diagnostics.map(({ code }) => code), ["no-agent"]);
});
