import assert from "node:assert/strict";
import { brief, compileText, planOf } from "./_around.ts";

async function sourceConfig(fields: string, change = {}): Promise<Record<string, unknown>> {
  const plan = await planOf(
    `source:\n  type: probe\n  port: 4711\n${
      fields.replace(/^/gm, "  ")
    }\nsink: { type: store, directory: /srv }`,
    change,
  );
  return plan.sources[0]!.config;
}

Deno.test("values stay as they were written where text is wanted", async () => {
  const plan = await planOf(`
source: { type: probe, port: 1 }
interceptors: [{ type: mark, key: 1.10, value: 007, weight: 5 }]
sink: { type: store, directory: /srv }
`);
  const { key, value, weight } = plan.sources[0]!.interceptors[0]!.config;
  assert.deepEqual([key, value, weight], ["1.10", "007", 5]);
});

Deno.test("units are read in fields that have them", async () => {
  const plan = await planOf(`
source: { type: probe, port: 1, pollDelay: 2s }
sink: { type: store, directory: /srv, store: { rollSize: 64KiB, rollInterval: 5m } }
`);
  assert.equal(plan.sources[0]!.config.pollDelay, 2000);
  const { config } = plan.takers[0]!.sinks[0]!;
  assert.deepEqual([config["store.rollSize"], config["store.rollInterval"]], [65_536, 300]);
});

Deno.test("named maps keep the listed names in listed order, in both syntaxes", async () => {
  const flume = await sourceConfig(
    "filegroups: f2 f1\nfilegroups.f1: ~/one.log\nfilegroups.f2: /var/log/two.log",
  );
  assert.deepEqual(Object.entries(flume.filegroups as object), [["f2", "/var/log/two.log"], [
    "f1",
    "/home/ada/one.log",
  ]]);
  const yaml = await sourceConfig("filegroups: { f1: ~/one.log, f2.x: /var/log/two.log }");
  assert.deepEqual(yaml.filegroups, { f1: "/home/ada/one.log", "f2.x": "/var/log/two.log" });
});

Deno.test("maps of maps are split at written keys, then at dots", async () => {
  const { headers } = await sourceConfig(
    "headers.g1.app: shop\nheaders.g1.a.b: x\nheaders:\n  g.2: { app: mill }",
  );
  assert.deepEqual(headers, { g1: { app: "shop", "a.b": "x" }, "g.2": { app: "mill" } });
});

Deno.test("a map of objects may be written Flume's way", async () => {
  const plan = await planOf(`
source: { type: probe, port: 1 }
interceptors:
  - type: mark
    serializers: s1 s2
    serializers.s1.name: town
    serializers.s2: { name: street, type: upper }
sink: { type: store, directory: /srv }
`);
  assert.deepEqual(plan.sources[0]!.interceptors[0]!.config.serializers, {
    s1: { name: "town", type: "default" },
    s2: { name: "street", type: "upper" },
  });
});

Deno.test("codecs are a name, a name with settings beside it, or one map", async () => {
  const choices = await Promise.all([
    "",
    "deserializer: LINE\ndeserializer.maxLineLength: 80",
    "deserializer: { type: lines, maxLineLength: 80 }",
    "deserializer.maxLineLength: 80",
  ].map((fields) => sourceConfig(fields)));
  const configs = choices.map(({ deserializer }) => (deserializer as { config: unknown }).config);
  assert.deepEqual(configs[0], { maxLineLength: 2048, charset: "UTF-8" });
  for (const config of configs.slice(1)) assert.deepEqual(config, { maxLineLength: 80, charset: "UTF-8" });
});

Deno.test("settings show what was written, and never a secret", async () => {
  const plan = await planOf(
    `
source: { type: probe, port: 4711, token: "\${TOKEN}", tokens: { lab: "\${file:lab.txt}" }, deserializer: { type: LINE } }
sink: { type: store, directory: /srv, store.password: hush, endpoint: "https://ada:hush@example.org/x" }
`,
    { files: { [`${new URL(".", import.meta.url).pathname}lab.txt`]: "labword\n" } },
  );
  const [source] = plan.sources;
  assert.equal(source!.config.token, "opensesame");
  assert.deepEqual(source!.config.tokens, { lab: "labword" });
  const settings = JSON.stringify([source!.settings, plan.takers[0]!.sinks[0]!.settings]);
  assert.doesNotMatch(settings, /opensesame|labword|hush/);
  assert.deepEqual(source!.settings, {
    port: "4711",
    token: "***",
    tokens: { lab: "***" },
    deserializer: { type: "lines" },
  });
});

Deno.test("names from the prototype of objects are ordinary names", async () => {
  const { diagnostics } = await compileText(
    "source: { type: constructor, port: 1 }\nsink: { type: store, directory: /srv, __proto__: x, toString: y }",
  );
  assert.deepEqual(brief(diagnostics), [
    "1:17 error unknown-type",
    "2:39 error unknown-field",
    "2:53 error unknown-field",
  ]);
});
