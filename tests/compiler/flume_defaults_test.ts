import assert from "node:assert/strict";
import { denoSurroundings } from "../../commands/_surroundings.ts";
import { compile } from "../../compiler/compile.ts";
import { convertProperties } from "../../compiler/convert.ts";
import type { CodecChoice } from "sluice/plugin";

const AROUND = denoSurroundings(undefined, "/nonexistent");

function confOf(...more: readonly string[]): string {
  return [
    ...["a1.sources = r1", "a1.channels = c1", "a1.sinks = k1", "a1.channels.c1.type = memory"],
    ...["a1.sources.r1.port = 0", "a1.sources.r1.channels = c1"],
    ...["a1.sinks.k1.type = logger", "a1.sinks.k1.channel = c1"],
    ...more.map((line) => `a1.sources.r1.${line}`),
  ].join("\n");
}

/** The codec that reads all bodies of the http source; nothing when the Content-Type decides. */
async function handlerOf(text: string, file: string): Promise<string | undefined> {
  const { plan, diagnostics } = await compile(text, file, AROUND);
  assert.ok(plan, JSON.stringify(diagnostics));
  const { config } = plan.sources[0]!;
  return ((config as Record<string, unknown>)["handler"] as CodecChoice | undefined)?.plugin.name;
}

Deno.test("http source of a Flume file reads all bodies as JSON, one of a YAML file goes by the Content-Type", async () => {
  assert.equal(await handlerOf(confOf("type = http"), "/a.conf"), "json");
  const blob = "handler = org.apache.flume.sink.solr.morphline.BlobHandler";
  assert.equal(await handlerOf(confOf("type = http", blob, "handler.maxBlobLength = 5"), "/a.conf"), "blob");
  assert.equal(await handlerOf("source: { type: http, port: 0 }\nsink: logger", "/a.yaml"), undefined);
});

Deno.test("http source of a Flume file reads all bodies as JSON when the file is converted, by whatever word it is named", async () => {
  for (const word of ["http", "HTTP", "org.apache.flume.source.http.HTTPSource"]) {
    const { yaml } = await convertProperties(confOf(`type = ${word}`), "/a.conf", AROUND);
    assert.equal(await handlerOf(yaml, "/a.yaml"), "json", yaml);
  }
  const { yaml } = await convertProperties(confOf("type = http", "handler = blob"), "/a.conf", AROUND);
  assert.equal(await handlerOf(yaml, "/a.yaml"), "blob");
});
