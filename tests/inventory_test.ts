import assert from "node:assert/strict";
import { denoSurroundings } from "../commands/_surroundings.ts";
import { clientSettings } from "../commands/_avro_client/client_settings.ts";
import { compile } from "../compiler/compile.ts";
import { spellingsOf } from "../compiler/field_shape.ts";
import { findKnown, KNOWN, type KnownKind } from "../compiler/known.ts";
import type { AnyPlugin } from "../core/plugin.ts";
import avroSink from "../plugins/sinks/avro.ts";
import thriftSink from "../plugins/sinks/thrift.ts";
import { behavioursOf, describedIds } from "../tools/_inventory/behaviours.ts";
import type { Home } from "../tools/_inventory/home.ts";
import { type Component, wordsOf } from "../tools/_inventory/inventory.ts";
import { IN_PROGRAM } from "../tools/_inventory/program.ts";
import { inventoryRows, type Row } from "../tools/gen_inventory.ts";

const ROWS = await inventoryRows();
const TESTS = new URL("./", import.meta.url);

/** What must be a plugin or a part of the program, and may not only be known by name. */
const BUILT: Readonly<Record<string, readonly string[]>> = {
  source: [
    ...["avro", "thrift", "syslogtcp", "syslogudp", "multiport_syslogtcp", "netcat", "netcatudp", "exec"],
    ...["spooldir", "taildir", "seq", "http", "stress", "avroLegacy", "thriftLegacy"],
    "kafka",
  ],
  sink: ["avro", "thrift", "logger", "file_roll", "null", "irc", "http", "kafka", "hdfs"],
  hdfs_sequence_serializer: ["Writable", "Text"],
  channel: ["memory", "file", "jdbc", "spillable_memory", "pseudo_txn", "kafka"],
  channel_selector: ["replicating", "multiplexing", "load_balancing"],
  sink_processor: ["default", "failover", "load_balance"],
  sink_selector: ["round_robin", "random"],
  interceptor: [
    ...["timestamp", "host", "static", "remove_header", "uuid"],
    ...["search_replace", "regex_filter", "regex_extractor"],
  ],
  regex_extractor_serializer: ["pass_through", "millis"],
  event_serializer: ["text", "header_and_text", "avro_event", "avro_record"],
  event_deserializer: ["LINE", "AVRO", "blob"],
  http_handler: ["json", "blob", "blob_morphline"],
  path_manager: ["default", "rolltime"],
  config_filter: ["env", "external", "custom"],
  config_source: ["file", "http", "zookeeper"],
  monitor: ["ganglia", "http"],
  rpc_client: ["default", "failover", "loadbalance", "thrift"],
  user_plugin: ["my_source", "my_sink", "sql_source"],
};

/** A pipeline whose one odd part is the type, for each kind of which a file names types. */
const PIPELINES: Readonly<Record<string, (word: string) => string>> = {
  source: (word) => `source: { type: ${word} }\nsink: logger`,
  channel: (word) => `source: stdin\nchannel: { type: ${word} }\nsink: logger`,
  sink: (word) => `source: stdin\nsink: { type: ${word} }`,
  interceptor: (word) => `source: stdin\ninterceptors: [{ type: ${word} }]\nsink: logger`,
  channel_selector: (word) =>
    `sources: { in: { type: stdin, channels: [c], selector: { type: ${word} } } }\nchannels: { c: direct }\nsinks: { out: { type: logger, channel: c } }`,
  sink_processor: (word) =>
    `sources: { in: { type: stdin, channels: [c] } }\nchannels: { c: direct }\nsinks: { k: { type: logger, channel: c } }\nsinkGroups: { g: { sinks: [k], processor: { type: ${word} } } }`,
  event_serializer: (word) => `source: stdin\nsink: { type: file_roll, directory: out, serializer: ${word} }`,
  event_deserializer: (word) =>
    `source: { type: spooldir, spoolDir: in, deserializer: ${word} }\nsink: logger`,
  monitor: (word) => `source: stdin\nsink: logger\nmonitoring: { type: ${word} }`,
  http_handler: (word) => `source: { type: http, port: 0, handler: ${word} }\nsink: logger`,
  path_manager: (word) =>
    `source: stdin\nsink: { type: file_roll, directory: out, sink.pathManager: { type: ${word} } }`
      .replace(/\{ type: (\S+) \} \}$/, "$1 }"),
  sink_selector: (word) => PIPELINES.sink_processor!(`load_balance, selector: ${word}`),
  regex_extractor_serializer: (word) =>
    PIPELINES.interceptor!(
      `regex_extractor, regex: (.), serializers: { s: { name: n, pattern: yy, type: ${word} } }`,
    ),
};

const RESOLUTION = new Set([
  "unknown-type",
  "unknown-class",
  "not-built",
  "wrong-value",
  "wrong-kind",
  "broken-plugin",
]);

/** The complaints about a type, of all that a pipeline with it gets. */
async function typeComplaints({ kind }: Component, word: string): Promise<string[]> {
  const text = PIPELINES[kind]!(`"${word}"`);
  const { diagnostics } = await compile(
    text,
    "/pipelines/inventory.yaml",
    denoSurroundings(undefined, "/state"),
  );
  return diagnostics.filter(({ code }) => RESOLUTION.has(code)).map(({ code, text }) => `${code}: ${text}`);
}

function isBuilt(home: Home): boolean {
  return home.state === "plugin" || home.state === "program";
}

const ids = (rows: readonly Row[]) => rows.map(({ component }) => component.id);

Deno.test("every component of the inventory is built, a module or known", () => {
  assert.deepEqual(ids(ROWS.filter(({ home }) => home.state === "missing")), []);
  const wanted = Object.entries(BUILT).flatMap(([kind, names]) => names.map((name) => `${kind}.${name}`));
  const built = new Set(ids(ROWS.filter(({ home }) => isBuilt(home))));
  assert.deepEqual(wanted.filter((id) => !built.has(id)), []);
});

Deno.test("every property of the inventory is in the state that the table says", () => {
  const faults = ROWS.flatMap(({ states }) =>
    states.flatMap(({ fault }) => fault === undefined ? [] : [fault])
  );
  assert.deepEqual(faults, []);
});

for (const { component, home } of ROWS.filter(({ component }) => PIPELINES[component.kind])) {
  const words = wordsOf(component);
  if (words.length === 0) continue;
  Deno.test(`${component.id} resolves by alias and class name in any case`, async () => {
    const cases = words.flatMap((word) => [word, word.toLowerCase(), word.toUpperCase()]);
    for (const word of cases) {
      const found = await typeComplaints(component, word);
      if (home.state !== "known") assert.deepEqual(found, []);
      else {
        assert.equal(found.length, 1, found.join("\n"));
        assert.ok(found[0]!.startsWith("not-built: ") && found[0]!.includes(home.known.text), found[0]!);
      }
    }
  });
}

Deno.test("known components are found by each of their words, and are all in the inventory", () => {
  const all = new Set(ids(ROWS));
  for (const known of KNOWN) {
    const kind = known.id.split(".", 1)[0] as KnownKind;
    assert.ok(all.has(known.id), known.id);
    for (const word of known.words) {
      assert.equal(findKnown(kind, word.toUpperCase()), known, word);
      assert.equal(findKnown(kind, `${word}$Builder`), known, word);
    }
  }
});

Deno.test("every behaviour of what is built is said to be Flume's or not, and tests that exist show it", async () => {
  const built = ROWS.filter(({ component: { behaviour }, home }) => isBuilt(home) && behaviour.length > 0);
  for (const { component } of built) {
    assert.equal(behavioursOf(component).length, component.behaviour.length, component.id);
    for (const { test } of behavioursOf(component)) {
      if (!test) continue;
      const [path, name] = test;
      assert.ok((await Deno.readTextFile(new URL(path, TESTS))).includes(name), `${path}: ${name}`);
    }
  }
  assert.deepEqual(describedIds().filter((id) => !ids(built).includes(id)), []);
});

Deno.test("parts of the program are components of the inventory, and tests that exist show them", async () => {
  for (const [id, { test: [path, name] }] of Object.entries(IN_PROGRAM)) {
    assert.ok(ids(ROWS).includes(id), id);
    assert.ok((await Deno.readTextFile(new URL(path, TESTS))).includes(name), `${path}: ${name}`);
  }
});

Deno.test("settings of config filters are those of the inventory", async () => {
  const filters = ROWS.filter(({ component }) =>
    component.kind === "config_filter" && component.props.length > 0
  );
  for (const { component, home } of filters) {
    const [type = ""] = wordsOf(component);
    const lines = component.props.map(({ name }) => `a1.configfilters.f.${name} = true`);
    const text = ["a1.configfilters = f", `a1.configfilters.f.type = ${type}`, ...lines].join("\n");
    const { diagnostics } = await compile(
      text,
      "/pipelines/inventory.conf",
      denoSurroundings(undefined, "/state"),
    );
    const about = diagnostics.filter(({ line }) => line > 1).map(({ code }) => code);
    assert.deepEqual(about.filter((code) => code === "unknown-field"), [], component.id);
    assert.equal(about.includes("not-built"), home.state === "known", component.id);
  }
});

Deno.test("settings of RPC clients are those of the inventory", () => {
  const clients = ROWS.filter(({ component: { kind }, home }) =>
    kind === "rpc_client" && home.state === "program"
  );
  for (const { component } of clients) {
    const settings = component.props.filter(({ name }) => !/^(?:hosts|client\.type)/.test(name));
    const lines = settings.map(({ name, default: value, type }) =>
      `${name} = ${type === "int" || type === "long" ? Number(value) || 7 : value ?? "x"}`
    );
    const fields = spellingsOf((component.id === "rpc_client.thrift" ? thriftSink : avroSink).config);
    for (const word of wordsOf(component)) {
      const hosts = [
        "hosts = a b",
        "hosts.a = one:1",
        "hosts.b = two:2",
        `client.type = ${word.toUpperCase()}`,
      ];
      const { type, sinkFields } = clientSettings([...hosts, ...lines].join("\n"), "client.properties");
      assert.equal(type, component.aliases[0]);
      assert.deepEqual(Object.keys(sinkFields).filter((key) => !fields.has(key)), []);
    }
  }
});

Deno.test("every plugin answers to the class name of its component, with and without $Builder", () => {
  for (const { component, home } of ROWS) {
    if (home.state !== "plugin" || home.value) continue;
    const names = [home.plugin.name, ...(home.plugin as AnyPlugin).aliases ?? []].map((word) =>
      word.toLowerCase()
    );
    const className = component.class.toLowerCase();
    assert.ok(names.includes(className), `${component.id}: ${className}`);
    if (className.endsWith("$builder")) assert.ok(names.includes(className.slice(0, -"$builder".length)));
  }
});
