import assert from "node:assert/strict";
import type { Plan } from "../../core/plan.ts";
import { brief, compileText, planOf } from "./_around.ts";

const SHORT = `
source: { type: probe, port: 4711 }
interceptors:
  - mark
  - { type: mark, key: plant }
channel: memory
sink: { type: store, directory: /srv/readings }
`;

function names(plan: Plan) {
  return {
    sources: plan.sources.map(({ name, channels }) => ({ name, channels })),
    channels: plan.channels.map(({ name, type }) => ({ name, type })),
    takers: plan.takers.map(({ name, channel, sinks }) => ({
      name,
      channel,
      sinks: sinks.map((sink) => sink.name),
    })),
  };
}

Deno.test("the short form gives one source, one channel and one sink with plain names", async () => {
  const plan = await planOf(SHORT);
  assert.deepEqual(names(plan), {
    sources: [{ name: "source", channels: ["channel"] }],
    channels: [{ name: "channel", type: "memory" }],
    takers: [{ name: "sink", channel: "channel", sinks: ["sink"] }],
  });
  assert.equal(plan.name, "plant");
  assert.equal(plan.stateDir, "/var/lib/sluice/plant");
  assert.deepEqual(plan.sources[0]!.interceptors.map(({ name }) => name), ["mark", "mark-2"]);
  assert.equal(plan.sources[0]!.selector.type, "replicating");
});

Deno.test("a pipeline that names no channel gets direct", async () => {
  const plan = await planOf(
    "sources: { meter: { type: probe, port: 1 } }\nsinks: { shelf: { type: store, directory: /srv } }",
  );
  assert.deepEqual(names(plan), {
    sources: [{ name: "meter", channels: ["direct"] }],
    channels: [{ name: "direct", type: "direct" }],
    takers: [{ name: "shelf", channel: "direct", sinks: ["shelf"] }],
  });
});

const DOTTED = `
sources: meter
sources.meter.type: probe
sources.meter.port: 4711
sources.meter.channels: a b
sources.meter.interceptors: i1 i2
sources.meter.interceptors.i2.type: mark
sources.meter.interceptors.i1.type: mark
sources.meter.interceptors.i1.key: plant
sources.meter.selector.type: multiplexing
sources.meter.selector.header: town
sources.meter.selector.mapping.Rome: a
sources.meter.selector.default: b
channels: a b
channels.a.type: memory
channels.b.type: memory
sinks: x y
sinks.x.type: store
sinks.x.store.path: /srv/x
sinks.x.channel: a
sinks.y.type: store
sinks.y.directory: /srv/y
sinks.y.channel: b
`;
const NESTED = `
sources:
  meter:
    type: probe
    port: 4711
    channels: [a, b]
    interceptors: { i1: { type: mark, key: plant }, i2: mark }
    selector: { type: multiplexing, header: town, mapping: { Rome: [a] }, default: b }
channels: { a: memory, b: { type: memory } }
sinks:
  x: { type: store, store: { path: /srv/x }, channel: a }
  y: { type: store, store.path: /srv/y, channel: b }
`;

Deno.test("Flume's lists of names with dotted settings give the same plan as nested maps", async () => {
  const [one, other] = await Promise.all([planOf(DOTTED), planOf(NESTED)]);
  const bare = (plan: Plan) =>
    JSON.parse(JSON.stringify(plan, (key, value) => key === "settings" ? undefined : value));
  assert.deepEqual(bare(one), bare(other));
});

Deno.test("a sink group takes the place of its sinks, and other sinks stay alone", async () => {
  const plan = await planOf(`
source: { type: probe, port: 1 }
sinks:
  a: { type: store, directory: /srv/a }
  b: { type: store, directory: /srv/b }
  c: { type: store, directory: /srv/c }
sinkgroups:
  pair: { sinks: c a, processor.type: failover, processor.priority.a: 5, processor: { priority.c: 10 } }
`);
  assert.deepEqual(names(plan).takers, [
    { name: "pair", channel: "direct", sinks: ["c", "a"] },
    { name: "b", channel: "direct", sinks: ["b"] },
  ]);
  assert.equal(plan.takers[0]!.processor?.type, "failover");
  assert.deepEqual(plan.takers[0]!.processor?.config.priority, { a: 5, c: 10 });
});

Deno.test("agents are chosen by name, and the only one chooses itself", async () => {
  const agent = (port: number) =>
    `{ source: { type: probe, port: ${port} }, sink: { type: store, directory: /srv } }`;
  const two = `agents:\n  a1: ${agent(1)}\n  a2: ${agent(2)}\n`;
  const plan = await planOf(two, { agent: "a2" });
  assert.equal(plan.name, "a2");
  assert.equal(plan.sources[0]!.config.port, 2);
  assert.equal((await planOf(`agents: { a1: ${agent(3)} }`)).name, "a1");
  const { diagnostics } = await compileText(two, { agent: "a3" });
  assert.deepEqual(brief(diagnostics), ["1:1 error no-agent"]);
});

Deno.test("variables of an agent that is not chosen need not exist", async () => {
  const plan = await planOf(
    "agents:\n" +
      "  a1: { source: { type: probe, port: 1 }, sink: { type: store, directory: /srv } }\n" +
      "  a2: { source: { type: probe, port: '${NO_SUCH}' }, sink: { type: store, directory: /srv } }\n",
    { agent: "a1" },
  );
  assert.equal(plan.name, "a1");
});

Deno.test("settings of the whole pipeline are read, with units", async () => {
  const { plan, shutdownTimeoutMs } = await compileText(
    `${SHORT}name: mill\nstateDir: ~/mill\nshutdownTimeout: 2m\n`,
  );
  assert.equal(plan?.name, "mill");
  assert.equal(plan?.stateDir, "/home/ada/mill");
  assert.equal(shutdownTimeoutMs, 120_000);
});

Deno.test("anchors and merge keys spare repetition, and keys that begin with x- are the author's own", async () => {
  const plan = await planOf(`
x-shelf: &shelf { type: store, store.rollInterval: 5m }
source: { type: probe, port: 1 }
sinks:
  a: { <<: *shelf, directory: /srv/a }
  b: { <<: *shelf, directory: /srv/b, store.rollInterval: 1h }
`);
  assert.deepEqual(plan.takers.map(({ sinks }) => sinks[0]!.config["store.rollInterval"]), [300, 3600]);
});

Deno.test("a plugin from outside is named by its specifier, and the module is noted as used", async () => {
  const { plan, uses } = await compileText(
    "source: { type: ./_plugins/probe.ts, port: 1 }\nsink: { type: store, directory: /srv }",
  );
  assert.equal(plan!.sources[0]!.type, "./_plugins/probe.ts");
  assert.equal(uses.modules.length, 1);
  assert.match(uses.modules[0]!, /^file:.*\/tests\/compiler\/_plugins\/probe\.ts$/);
});
