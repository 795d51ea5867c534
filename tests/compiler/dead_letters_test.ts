import assert from "node:assert/strict";
import type { CodecChoice } from "sluice/plugin";
import { jsonSchema } from "../../compiler/json_schema.ts";
import { permissionFlags } from "../../compiler/permissions.ts";
import { MANIFEST } from "../../plugins/manifest.ts";
import { brief, compileText } from "./_around.ts";

const REST = "source: { type: stdin }\nsink: { type: stdout }\n";

async function compileWith(deadLetters: string) {
  const { plan, diagnostics } = await compileText(`${REST}deadLetters: ${deadLetters}\n`, {
    manifest: MANIFEST,
  });
  const codec = plan?.deadLetters?.config["sink.serializer"] as CodecChoice | undefined;
  return { plan, diagnostics, codec: codec?.plugin.name };
}

Deno.test("dead letters without a type are files that keep headers and bodies", async () => {
  const { plan, diagnostics, codec } = await compileWith("{ directory: /srv/refused }");
  assert.deepEqual([diagnostics, plan?.deadLetters?.type, codec], [[], "file_roll", "avro_event"]);
  assert.deepEqual(plan!.deadLetters!.settings, {
    "sink.directory": "/srv/refused",
    "sink.serializer": { type: "avro_event" },
  });
});

Deno.test("serializer that is written for dead letters is taken, by any of its names", async () => {
  for (const key of ["serializer", "codec", "sink.serializer"]) {
    const written = `{ type: file_roll, directory: out, ${key}: json }`;
    assert.deepEqual((await compileWith(written)).codec, "json", key);
  }
  const nested = await compileWith("{ directory: out, serializer: { compressionCodec: snappy } }");
  assert.deepEqual([nested.diagnostics, nested.codec], [[], "avro_event"]);
});

Deno.test("dead letters that cannot be read back are warned of, where the serializer stands", async () => {
  for (const codec of ["text", "{ type: json, flatHeaders: true }", "{ type: json, bodyField: line }"]) {
    const { plan, diagnostics } = await compileWith(`\n  directory: out\n  serializer: ${codec}`);
    assert.ok(plan);
    assert.match(brief(diagnostics).join(), /^5:(3|15|23) warning unreadable-dead-letters$/, codec);
  }
});

Deno.test("dead letters may go to any sink, also by its word alone", async () => {
  const { plan, diagnostics } = await compileWith("logger");
  assert.deepEqual([diagnostics, plan?.deadLetters?.type], [[], "logger"]);
});

Deno.test("dead letters that name no folder are told what is missing", async () => {
  const { diagnostics } = await compileWith("{}");
  assert.deepEqual(brief(diagnostics), ["3:1 error missing-field"]);
  assert.match(diagnostics[0]!.text, /^sink "deadLetters" \(file_roll\) needs "sink\.directory"$/);
});

Deno.test("folder of dead letters is among the permissions", async () => {
  const { plan } = await compileWith("{ directory: /srv/refused }");
  const flags = permissionFlags(plan!, { file: "p.yaml", uses: { env: [], files: [], modules: [] } });
  assert.ok(
    flags.some((flag) => flag.startsWith("--allow-write=") && flag.includes("/srv/refused")),
    flags.join(" "),
  );
});

Deno.test("JSON Schema knows dead letters, for a file and for each of its agents", () => {
  const schema = jsonSchema([]) as { properties: object; $defs: { agent: { properties: object } } };
  for (const { properties } of [schema, schema.$defs.agent]) assert.ok("deadLetters" in properties);
});
