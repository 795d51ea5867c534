import assert from "node:assert/strict";
import { compile, compileFiles } from "../../compiler/compile.ts";
import { brief, planOf, testSurroundings } from "./_around.ts";
import { compileConf, CONF, planOfConf } from "./_conf.ts";

const codes = (text: string, change = {}) =>
  compileConf(text, change).then(({ diagnostics }) => brief(diagnostics));

const EVERYTHING = `${CONF}a1.sources.r1.interceptors = i2 i1
a1.sources.r1.interceptors.i1.type = mark
a1.sources.r1.interceptors.i2.type = org.example.MarkInterceptor$Builder
a1.sources.r1.interceptors.i2.serializers = s1
a1.sources.r1.interceptors.i2.serializers.s1.name = kind
a1.sources.r1.selector.type = MULTIPLEXING
a1.sources.r1.selector.header = town
a1.sources.r1.selector.mapping.example.org = c1
a1.sources.r1.filegroups = f1
a1.sources.r1.filegroups.f1 = /var/log/a
a1.sources.r1.headers.f1.file.name = a
a1.sources.r1.deserializer = LINE
a1.sources.r1.deserializer.maxLineLength = 100
a1.sinkgroups.g1.processor.priority.k1 = 5
a1.sinkgroups = g1
a1.sinkgroups.g1.processor.type = failover
a1.sinkgroups.g1.sinks = k1
`;
const EVERYTHING_YAML = `agents:
  a1:
    sources:
      r1:
        type: probe
        port: 4711
        channels: [c1]
        interceptors:
          i2: { type: mark, serializers: { s1: { name: kind } } }
          i1: mark
        selector: { type: multiplexing, header: town, mapping: { example.org: c1 } }
        filegroups: { f1: /var/log/a }
        headers: { f1: { file.name: a } }
        deserializer: { type: lines, maxLineLength: 100 }
    channels: { c1: memory }
    sinks: { k1: { type: store, store: { path: /srv/a }, channel: c1 } }
    sinkGroups: { g1: { sinks: k1, processor: { type: failover, priority: { k1: 5 } } } }
`;

Deno.test("a Flume file and the same in YAML give one plan", async () => {
  const conf = await planOfConf(EVERYTHING);
  const yaml = await planOf(EVERYTHING_YAML);
  assert.deepEqual(conf, yaml);
  assert.equal(conf.name, "a1");
});

Deno.test("an agent of a Flume file is chosen by name, and its neighbours are left alone", async () => {
  const text = `${CONF}${
    CONF.replaceAll("a1.", "a2.").replace("4711", "4712")
  }broken.sources = r\nbroken.sources.r.x =\n`;
  const plan = await planOfConf(text, { agent: "a2" });
  assert.equal(plan.sources[0]!.config.port, 4712);
  assert.deepEqual(await codes(text, { agent: "a2" }), ["14:1 warning volatile-channel"]);
  assert.deepEqual(await codes(text), ["1:1 error no-agent"]);
});

Deno.test("a channel that nobody uses is not made", async () => {
  const text = `${CONF.replace("a1.channels = c1", "a1.channels = c1 c2")}a1.channels.c2.type = memory\n`;
  const { plan, diagnostics } = await compileConf(text);
  assert.deepEqual(plan!.channels.map(({ name }) => name), ["c1"]);
  assert.ok(diagnostics.some(({ code }) => code === "unused-channel"));
});

Deno.test("unknown properties of a Flume file are warnings, bad values are errors", async () => {
  const warnings = `a1.sources.r1.prot = 1
a1.sources.r1.port.x = 1
a1.sources.r1.selector.x = 1
a1.sources.r1.deserializer.x = 1
a1.sinks.k1.x.y.z = 1
a1.x = 1
a1.sinkgroups.x = 1
`;
  const { plan, diagnostics } = await compileConf(CONF + warnings);
  assert.ok(plan);
  assert.equal(diagnostics.filter(({ code }) => code === "unknown-field").length, 6);
  const { plan: none } = await compileConf(`${CONF}a1.sources.r1.keep = perhaps`);
  assert.equal(none, undefined);
});

Deno.test("findings about a Flume file name the property as it is written", async () => {
  const { diagnostics } = await compileConf(`${CONF}a1.sources.r1.pollDelay = soon\n`);
  const [finding] = diagnostics.filter(({ severity }) => severity === "error");
  assert.equal(finding!.property, "a1.sources.r1.pollDelay");
  assert.match(
    finding!.text,
    /^a1\.sources\.r1\.pollDelay: source "r1" \(probe\): "pollDelay" cannot be "soon"$/,
  );
  assert.deepEqual([finding!.line, finding!.column], [11, 27]);
});

Deno.test("an agent with a channel that others fill may do without source, or without sink", async () => {
  const keeping = { file: { load: () => import("../../plugins/channels/file.ts"), aliases: [] } };
  const manifest = {
    ...testSurroundings().manifest!,
    channel: { ...testSurroundings().manifest!.channel, ...keeping },
  };
  const file = CONF.replace("c1.type = memory", "c1.type = file");
  for (const end of ["sources", "sinks"]) {
    const lines = (text: string) =>
      text.split("\n").filter((line) => !line.startsWith(`a1.${end}`)).join("\n");
    const { plan, diagnostics } = await compileConf(lines(file), { manifest });
    assert.ok(plan, JSON.stringify(diagnostics));
    assert.equal((await compileConf(lines(CONF))).plan, undefined);
  }
});

Deno.test("several Flume files make one pipeline, in which later values count", async () => {
  const surroundings = testSurroundings();
  const over = "a1.sources.r1.port = 80\na1.sinks.k1.store.rollSize = big\na1.sinks.k1.nonsense = 1\n";
  const files = [{ text: CONF, file: "/etc/a.conf" }, { text: over, file: "/etc/b.conf" }];
  const { diagnostics } = await compileFiles(files, surroundings);
  const found = diagnostics.map(({ file, line, code }) => `${file}:${line} ${code}`);
  assert.deepEqual(found, [
    "/etc/a.conf:1 partial-start",
    "/etc/a.conf:4 volatile-channel",
    "/etc/b.conf:2 wrong-value",
    "/etc/b.conf:3 unknown-field",
  ]);
  const { plan } = await compileFiles(
    [files[0]!, { text: "a1.sources.r1.port = 80\n", file: "/etc/b.conf" }],
    surroundings,
  );
  assert.equal(plan!.sources[0]!.config.port, 80);
});

Deno.test("several YAML files make one pipeline, key by key", async () => {
  const base = "source: { type: probe, port: 1, tags: [a, b] }\nsink: { type: store, directory: /srv/a }\n";
  const { plan } = await compileFiles([
    { text: base, file: "a.yaml" },
    { text: "", file: "b.yaml" },
    { text: "source: { port: 2, tags: [c] }\n", file: "c.yaml" },
  ], testSurroundings());
  const { port, tags } = plan!.sources[0]!.config;
  assert.deepEqual([port, tags, plan!.name], [2, ["c"], "a"]);
  const { diagnostics } = await compileFiles([
    { text: base, file: "a.yaml" },
    { text: "\nsource: { port: x }\n", file: "c.yaml" },
  ], testSurroundings());
  assert.deepEqual(diagnostics.map(({ file, line, column }) => [file, line, column]).at(-1), [
    "c.yaml",
    2,
    17,
  ]);
});

Deno.test("YAML and properties cannot be mixed", async () => {
  const files = [{ text: CONF, file: "a.conf" }, { text: "x-a: 1", file: "b.yaml" }];
  const { diagnostics } = await compileFiles(files, testSurroundings());
  assert.deepEqual(diagnostics.map(({ file, code }) => [file, code]), [["b.yaml", "mixed-syntax"]]);
});

for (
  const [file, change] of [["flume", {}], ["flume.txt", {}], ["zk:/flume/a1", {}], ["x.yaml", {
    syntax: "properties",
  }]] as const
) {
  Deno.test(`the syntax of ${file} ${JSON.stringify(change)} is found out`, async () => {
    assert.ok((await compile(CONF, file, testSurroundings(change))).plan);
  });
}
