import assert from "node:assert/strict";
import { jsonSchema } from "../../compiler/json_schema.ts";
import { permissionFlags } from "../../compiler/permissions.ts";
import { planJson, planText } from "../../compiler/render/plan_views.ts";
import { MANIFEST } from "../../plugins/manifest.ts";
import { brief, compileText } from "./_around.ts";

const REST = "source: { type: stdin }\nsink: { type: stdout }\n";

async function compileWith(section: string, systemProperties: Record<string, string> = {}) {
  return await compileText(`${REST}${section}\n`, { manifest: MANIFEST, systemProperties });
}

Deno.test("admin server is there when the file has its section, on loopback unless that says otherwise", async () => {
  const forms: [section: string, port: number, bind: string, hosts: string[]][] = [
    ["admin: {}", 9414, "127.0.0.1", []],
    ["admin:", 9414, "127.0.0.1", []],
    ["admin: 8000", 8000, "127.0.0.1", []],
    ["admin: { port: 0, bind: 0.0.0.0 }", 0, "0.0.0.0", []],
    ["admin.port: 8001", 8001, "127.0.0.1", []],
    ["admin: { hosts: a.example b.example }", 9414, "127.0.0.1", ["a.example", "b.example"]],
  ];
  for (const [section, port, bind, hosts] of forms) {
    const { plan, diagnostics } = await compileWith(section);
    assert.deepEqual([diagnostics, plan?.admin], [[], { port, bind, hosts }], section);
  }
  assert.equal((await compileWith("")).plan!.admin, undefined);
});

Deno.test("what is wrong with the section of the admin server is told with its place", async () => {
  const { diagnostics } = await compileWith("admin: { prot: 1, port: 70000, bind: a b }");
  assert.deepEqual(brief(diagnostics), [
    "3:10 error unknown-field",
    "3:25 error wrong-value",
    "3:38 error wrong-value",
  ]);
  assert.match(diagnostics[0]!.fix!, /did you mean "port"\?/);
});

Deno.test("monitoring is one reporter, several, or a module from outside", async () => {
  const forms: [section: string, names: string[]][] = [
    ["monitoring: { type: ganglia, hosts: h:8649 }", ["ganglia"]],
    ["monitoring: http", ["http"]],
    ["monitoring: { type: org.apache.flume.instrumentation.GangliaServer, hosts: h:8649 }", ["ganglia"]],
    [
      "monitoring: [{ type: ganglia, hosts: h:1 }, { type: http, port: 0 }, { type: ganglia, hosts: h:2 }]",
      ["ganglia", "http", "ganglia-2"],
    ],
    ["monitoring.type: http", ["http"]],
  ];
  for (const [section, names] of forms) {
    const { plan, diagnostics } = await compileWith(section);
    assert.deepEqual([diagnostics, plan?.reporters?.map(({ name }) => name)], [[], names], section);
  }
  const { diagnostics } = await compileWith("monitoring: { type: ./my_reporter.ts }");
  assert.deepEqual(brief(diagnostics), ["3:21 error missing-plugin"]);
});

Deno.test("monitor is configured by -D as Flume's is, and JMX is explained", async () => {
  const ganglia = await compileWith("", {
    "flume.monitoring.type": "GANGLIA",
    "flume.monitoring.hosts": "one:8649, two:8650",
    "flume.monitoring.pollFrequency": "5",
    "flume.monitoring.isGanglia3": "true",
    "flume.root.logger": "INFO,console",
  });
  assert.deepEqual(ganglia.diagnostics, []);
  const [reporter] = ganglia.plan!.reporters!;
  assert.deepEqual([reporter!.name, reporter!.config], ["ganglia", {
    hosts: ["one:8649", "two:8650"],
    pollFrequency: 5,
    isGanglia3: true,
  }]);
  const port = await compileWith("", { "flume.monitoring.type": "http", "flume.monitoring.port": "34545" });
  assert.deepEqual(port.plan!.reporters![0]!.config, { port: 34545, bind: "127.0.0.1" });
  const jmx = await compileWith("", { "flume.monitoring.type": "jmx" });
  assert.match(jmx.diagnostics[0]!.text, /flume\.monitoring\.type: .*no Java machine/);
  assert.match(jmx.diagnostics[0]!.fix!, /-Dflume\.monitoring\.type=http/);
});

Deno.test("settings that Flume's monitor would ignore are ignored with a warning, wrong values are errors", async () => {
  const { plan, diagnostics } = await compileWith("", {
    "flume.monitoring.type": "http",
    "flume.monitoring.colour": "red",
  });
  assert.deepEqual(brief(diagnostics), ["1:1 warning unknown-field"]);
  assert.equal(plan!.reporters!.length, 1);
  const wrong = await compileWith("", { "flume.monitoring.type": "http", "flume.monitoring.port": "many" });
  assert.deepEqual([wrong.diagnostics[0]!.file, wrong.plan], ["-D", undefined]);
  assert.match(wrong.diagnostics[0]!.text, /flume\.monitoring\.port/);
  assert.equal((await compileWith("", { "flume.monitoring.port": "1" })).plan!.reporters, undefined);
});

Deno.test("agent of a Flume file may have the sections, too", async () => {
  const text = "a1.sources = r1\na1.sources.r1.type = seq\na1.sources.r1.channels = c1\na1.channels = c1\n" +
    "a1.channels.c1.type = memory\na1.sinks = k1\na1.sinks.k1.type = null\na1.sinks.k1.channel = c1\n" +
    "a1.admin.port = 0\na1.monitoring.type = http\na1.monitoring.port = 0\n";
  const { plan, diagnostics } = await compileText(text, { manifest: MANIFEST, syntax: "properties" });
  assert.deepEqual(diagnostics.filter(({ severity }) => severity === "error"), []);
  assert.deepEqual([plan!.admin!.port, plan!.reporters![0]!.name], [0, "http"]);
});

Deno.test("plans show reporters and the admin server, and need the permissions for them", async () => {
  const { plan } = await compileWith('admin: 9000\nmonitoring: { type: ganglia, hosts: "gmond:8649" }');
  assert.match(planText(plan!), /^reporter ganglia .*\nadmin {4}127\.0\.0\.1:9000$/m);
  const tree = JSON.parse(planJson(plan!));
  assert.deepEqual([tree.admin.port, tree.reporters[0].name], [9000, "ganglia"]);
  const flags = permissionFlags(plan!, { file: "p.yaml", uses: { env: [], files: [], modules: [] } });
  assert.ok(flags.includes("--allow-sys=hostname"), flags.join(" "));
  assert.match(flags.join(" "), /--allow-net=127\.0\.0\.1:9000,gmond /);
});

Deno.test("editors are told of the sections", async () => {
  const http =
    (await MANIFEST.reporter.http!.load() as { default: Parameters<typeof jsonSchema>[0][0] }).default;
  const { properties, $defs } = jsonSchema([http]) as Record<string, Record<string, unknown>>;
  assert.ok(properties!.admin && properties!.monitoring);
  assert.match(JSON.stringify($defs!.reporter), /"const":"http"/);
});
