import assert from "node:assert/strict";
import { brief, compileText, planOf } from "./_around.ts";
import { compileConf, CONF, planOfConf } from "./_conf.ts";

const PROBE = "./_plugins/probe.ts";
const USER = CONF.replace("type = probe", "type = com.x.MySource");

Deno.test("a class of one's own is mapped from outside, relative to the working folder", async () => {
  const classes = { "com.x.MySource": "./tests/compiler/_plugins/probe.ts" };
  const { plugin, type } = (await planOfConf(USER, { classes })).sources[0]!;
  assert.equal(plugin.name, "probe");
  assert.match(type, /\/tests\/compiler\/_plugins\/probe\.ts$/);
});

Deno.test("a class of one's own is mapped in a file beside the Flume file", async () => {
  const beside = "/etc/flume/web.conf.classes.yaml";
  const { plan, uses, diagnostics } = await compileAt("/etc/flume/web.conf", {
    [beside]: "com.x.MySource: ../../plugins/probe.ts\n",
  });
  assert.equal(plan, undefined);
  assert.deepEqual(uses.files, [beside]);
  assert.match(
    diagnostics.find(({ code }) => code === "missing-plugin")!.text,
    /no such file "\/plugins\/probe\.ts"/,
  );
});

async function compileAt(file: string, files: Record<string, string>) {
  const { compile } = await import("../../compiler/compile.ts");
  const { testSurroundings } = await import("./_around.ts");
  const fileExists = (path: string) => Promise.resolve(path in files);
  return await compile(USER, file, testSurroundings({ files, fileExists }));
}

Deno.test("classes: maps classes in YAML, for a file and for one of its agents", async () => {
  const agent = "{ source: { type: com.x.MySource, port: 1 }, sink: { type: store, directory: /srv/a } }";
  const texts = [
    `classes: { com.x.MySource: ${PROBE} }\nagents: { a1: ${agent} }\n`,
    `agents: { a1: ${agent.replace("{", `{ classes: { com.x.MySource: ${PROBE} },`)} }\n`,
  ];
  for (const text of texts) {
    const [source] = (await planOf(text)).sources;
    assert.deepEqual([source!.type, source!.plugin.name], [PROBE, "probe"]);
  }
});

Deno.test("classes that build interceptors and serializers count with and without $Builder", async () => {
  const lines = `a1.sources.r1.interceptors = i1 i2
a1.sources.r1.interceptors.i1.type = com.x.Mark$Builder
a1.sources.r1.interceptors.i2.type = org.example.MarkInterceptor
a1.sinks.k1.serializer = com.x.Lines$Builder
`;
  const classes = {
    "com.x.Mark": "./tests/compiler/_plugins/mark.ts",
    "com.x.Lines$Builder": "./tests/compiler/_plugins/lines.ts",
  };
  const plan = await planOfConf(CONF + lines, { classes });
  assert.deepEqual(plan.sources[0]!.interceptors.map(({ plugin }) => plugin.name), ["mark", "mark"]);
});

Deno.test("an unknown class is explained with the ways to map it", async () => {
  const { diagnostics } = await compileConf(USER);
  const { fix, text } = diagnostics.find(({ code }) => code === "unknown-class")!;
  assert.match(text, /there is no module for class "com\.x\.MySource"/);
  assert.match(fix!, /--class com\.x\.MySource=\.\/my_plugin\.ts/);
  assert.match(fix!, /"com\.x\.MySource: \.\/my_plugin\.ts" in flume\.conf\.classes\.yaml/);
});

Deno.test("classes: that names no module is an error at its place", async () => {
  const { diagnostics } = await compileText(
    "source: { type: probe, port: 1 }\nsink: { type: store, directory: /srv/a }\nclasses: { com.x.A: [], com.x.B: }\n",
  );
  assert.deepEqual(brief(diagnostics), ["3:12 error wrong-value", "3:25 error wrong-value"]);
  assert.deepEqual(
    brief(
      (await compileText(
        "classes: some\nsource: { type: probe, port: 1 }\nsink: { type: store, directory: /a }",
      )).diagnostics,
    ),
    [
      "1:10 error wrong-value",
    ],
  );
});
