import assert from "node:assert/strict";
import { planGraphviz, planJson, planMermaid, planText } from "../../compiler/render/plan_views.ts";
import { planOf } from "./_around.ts";

const PIPELINE = `
name: plant
sources:
  meter:
    type: probe
    port: 4711
    token: opensesame
    channels: day night
    interceptors: [{ type: mark, value: 'a "b"' }]
    selector: { type: multiplexing, header: shift, mapping: { late: night }, default: day }
channels: { day: { type: memory, capacity: 5000 }, night: memory }
sinks:
  a: { type: store, directory: /srv/a, channel: day }
  b: { type: store, directory: /srv/b, channel: day }
  c: { type: store, directory: /srv/c, channel: night }
sinkGroups: { pair: { sinks: a b, processor: failover } }
`;

const WITH_DEAD_LETTERS =
  `${PIPELINE}deadLetters: { type: store, directory: /srv/refused, "store.password": sesame }\n`;

Deno.test("a plan as text follows the data's way", async () => {
  assert.equal(
    planText(await planOf(PIPELINE)),
    `pipeline plant
state    /var/lib/sluice/plant

source meter (probe)  port=4711 token=***
  interceptor mark  value="a \\"b\\""
  selector selector (multiplexing)  header=shift default=day mapping={"late":"night"}
  → channel day, channel night

channel day (memory)  capacity=5000
  → group pair (failover)
      → sink a (store)  store.path=/srv/a
      → sink b (store)  store.path=/srv/b

channel night (memory)
  → sink c (store)  store.path=/srv/c
`,
  );
});

Deno.test("a plan as JSON holds what was written, and no secret", async () => {
  const text = planJson(await planOf(PIPELINE));
  assert.doesNotMatch(text, /opensesame/);
  const { sources, takers } = JSON.parse(text);
  assert.deepEqual(sources[0].settings, { port: "4711", token: "***" });
  assert.deepEqual(takers.map(({ name }: { name: string }) => name), ["pair", "c"]);
});

Deno.test("a plan as Mermaid has a box for each part and an arrow for each way", async () => {
  const lines = planMermaid(await planOf(PIPELINE)).trimEnd().split("\n");
  assert.equal(lines[0], "flowchart LR");
  assert.equal(lines.filter((line) => line.includes("-->")).length, 8);
  assert.ok(lines.includes('  n0(["source meter (probe)"])'));
});

Deno.test("a plan as Graphviz quotes what is in labels", async () => {
  const text = planGraphviz(await planOf(PIPELINE));
  assert.match(text, /^digraph "plant" \{\n/);
  assert.match(
    text,
    /n0 \[shape=ellipse, label="source meter \(probe\)", tooltip="port=4711 token=\*\*\*"\];/,
  );
  assert.equal(text.split(" -> ").length - 1, 8);
});

Deno.test("dead letters stand in every view of a plan, without their secrets", async () => {
  const plan = await planOf(WITH_DEAD_LETTERS);
  assert.match(
    planText(plan),
    /\ndead letters store {2}store\.path=\/srv\/refused store\.password=\*\*\*\n$/,
  );
  assert.deepEqual(JSON.parse(planJson(plan)).deadLetters, {
    name: "deadLetters",
    type: "store",
    settings: { "store.path": "/srv/refused", "store.password": "***" },
  });
  assert.equal(planMermaid(plan).split(" -.-> ").length - 1, 3);
  assert.equal(planGraphviz(plan).split(" [style=dashed];").length - 1, 3);
});
