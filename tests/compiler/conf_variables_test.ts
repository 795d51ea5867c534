import assert from "node:assert/strict";
import { denoSurroundings } from "../../commands/_surroundings.ts";
import { brief, compileText, planOf } from "./_around.ts";
import { compileConf, CONF, planOfConf } from "./_conf.ts";

/** What becomes of a value of a Flume file, and what is said about it. */
async function expand(value: string, lines = "") {
  const text = `${CONF}a1.sources.r1.headers.f1.h = ${value}\n${lines}`;
  const { plan, diagnostics } = await compileConf(text, {
    systemProperties: { "data.dir": "/srv" },
    now: () => new Date(2024, 1, 3, 16, 5, 6, 7),
    env: (name) => ({ HOST: "mill", KEY: "base", NESTED: "${HOST}" })[name],
  });
  const headers = plan?.sources[0]?.config.headers as Record<string, Record<string, string>> | undefined;
  const codes = brief(diagnostics).filter((line) => !line.includes("volatile"));
  return { value: headers?.f1?.h, codes };
}

const CASES: readonly (readonly [string, string | undefined, string?])[] = [
  ["${base}/x", "/opt/x", "base = /opt"],
  ["${a1.sources.r1.port}", "4711"],
  ["${a2.x}", "y", "a2.x = y"],
  ["${one}", "1-2-3", "one = 1-${two}\ntwo = 2-${three}\nthree = 3"],
  ["${base.${env:HOST}.dir}", "/m", "base.mill.dir = /m"],
  ["${HOST}", "mill"],
  ["${HOST}", "property", "HOST = property"],
  ["${env:HOST}:${env:HOST}", "mill:mill"],
  ["${env:NESTED}", "${HOST}"],
  ["${sys:data.dir}${sys:user.home}", "/srv/home/ada"],
  ["${sys:nothing:-${env:HOST}}", "mill"],
  ["${nothing:-}x", "x"],
  ["${nothing:-a:-b}", "a:-b"],
  ["${x:y}", "z", "x\\:y = z"],
  ["$${HOST} and ${x%.*} and ${", "${HOST} and ${x%.*} and ${"],
  ["${date:yyyy-MM-dd'T'HH:mm:ss.SSS hh a ''}", "2024-02-03T16:05:06.007 04 PM '"],
  ["${date:yy D EEE, d MMMM}", "24 34 Sat, 3 February"],
];
for (const [text, expected, lines] of CASES) {
  Deno.test(`a Flume value ${text} becomes ${expected}`, async () => {
    const { value, codes } = await expand(text, lines);
    assert.equal(value, expected);
    assert.deepEqual(codes, []);
  });
}

for (
  const text of [
    "${env:NOTHING}",
    "${nothing}",
    "${sys:nothing}",
    "${base64:eA==}",
    '${vault["key"]}',
    "${date:bbb}",
  ]
) {
  Deno.test(`a Flume value ${text} stays as it is written, with a warning`, async () => {
    const { value, codes } = await expand(text);
    assert.equal(value, text);
    assert.equal(codes.length, 1);
    assert.match(codes[0]!, /^11:30 warning (?:missing|bad)-variable$/);
  });
}

Deno.test("a property that leads back to itself is an error", async () => {
  assert.match((await expand("${a}", "a = ${b}\nb = ${a}")).codes[0]!, /error variable-loop/);
  const { codes } = await expand("${a1.sources.r1.headers.f1.h}");
  assert.deepEqual(codes, ["11:30 error variable-loop"]);
});

Deno.test("properties that double each other do not fill the memory", async () => {
  const lines = Array.from({ length: 40 }, (_, index) => `p${index} = \${p${index + 1}}\${p${index + 1}}`);
  assert.match((await expand("${p0}", `${lines.join("\n")}\np40 = xx\n`)).codes[0]!, /error too-large/);
});

Deno.test("an empty value is ignored with a warning, also when a variable made it empty", async () => {
  const { plan, diagnostics } = await compileConf(
    `${CONF}a1.sources.r1.order =\na1.sources.r1.tags = \${none:-}\n`,
  );
  assert.deepEqual([plan!.sources[0]!.config.order, plan!.sources[0]!.config.tags], ["oldest", []]);
  assert.deepEqual(brief(diagnostics).slice(1), ["11:22 warning empty-value", "12:22 warning empty-value"]);
});

const FILTERS = `a1.configfilters = e x
a1.configfilters.e.type = ENV
a1.configfilters.x.type = org.apache.flume.configfilter.ExternalProcessConfigFilter
a1.configfilters.x.command = \${shell:-/bin/echo} value-of
`;
const RUN = { run: denoSurroundings(undefined, "state").run! };

Deno.test("config filters give values, in each way of writing their keys", async () => {
  const lines = `a1.sources.r1.token = \${e['TOKEN']}
a1.sources.r1.tags = a\${x["one-key"]}b \${e[PORT]}
`;
  const plan = await planOfConf(CONF + FILTERS + lines, RUN);
  const { token, tags } = plan.sources[0]!.config;
  assert.deepEqual([token, tags], ["opensesame", ["avalue-of", "one-keyb", "4711"]]);
});

Deno.test("values of config filters are shown nowhere", async () => {
  const plan = await planOfConf(`${CONF + FILTERS}a1.sources.r1.tags = \${e["TOKEN"]}`, RUN);
  assert.deepEqual(plan.sources[0]!.settings.tags, "***");
  const { diagnostics } = await compileConf(`${CONF + FILTERS}a1.sources.r1.order = \${e["TOKEN"]}`, RUN);
  assert.doesNotMatch(JSON.stringify(diagnostics), /opensesame/);
});

Deno.test("a command of a config filter that fails leaves the value as it is written", async () => {
  const commands: readonly (readonly [string, RegExp])[] = [
    ["/bin/false", /code 1/],
    ["/no/such/program", /No such file/],
    ["/usr/bin/yes", /more than 65536 bytes/],
  ];
  for (const [command, reason] of commands) {
    const text = `${CONF}shell = ${command}\n${FILTERS}a1.sources.r1.tags = \${x["key"]}`;
    const { plan, diagnostics } = await compileConf(text, RUN);
    assert.deepEqual(plan!.sources[0]!.config.tags, ['${x["key"]}']);
    assert.match(diagnostics.find(({ code }) => code === "missing-variable")!.text, reason);
  }
});

Deno.test("a command of a config filter runs once for a key, and is told to the permissions", async () => {
  const ran: string[] = [];
  const run = (command: readonly string[]) => {
    ran.push(command.join(" "));
    return Promise.resolve({ code: 0, output: new TextEncoder().encode("v\nmore") });
  };
  const lines = 'a1.sources.r1.tags = ${x["k"]} ${x["k"]}\na1.sinks.k1.store.password = ${x["k"]}\n';
  const { plan, uses } = await compileConf(CONF + FILTERS + lines, { run });
  assert.deepEqual([ran, uses.commands], [["/bin/echo value-of k"], ["/bin/echo"]]);
  assert.equal(plan!.takers[0]!.sinks[0]!.config["store.password"], "v");
});

Deno.test("config filters work in YAML, and a class of one's own is a module", async () => {
  const filter =
    `data:text/javascript,export default ({ base }) => (key) => key === "no" ? undefined : base + key`;
  const yaml = `configFilters:
  e: env
  mine: { type: com.x.Vault, base: "v-" }
classes: { com.x.Vault: ${JSON.stringify(filter)} }
source: { type: probe, port: 1, token: '\${e["TOKEN"]}', tags: ['\${mine["a"]}'] }
sink: { type: store, directory: /srv/a }
`;
  const { token, tags } = (await planOf(yaml)).sources[0]!.config;
  assert.deepEqual([token, tags], ["opensesame", ["v-a"]]);
  const { diagnostics } = await compileText(yaml.replace('mine["a"]', 'mine["no"]').replace('e["', 'f["'));
  assert.deepEqual(brief(diagnostics), ["5:40 error missing-variable", "5:64 error missing-variable"]);
});
