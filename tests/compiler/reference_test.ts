import assert from "node:assert/strict";
import { jsonSchema } from "../../compiler/json_schema.ts";
import { indexPage, referencePage } from "../../compiler/reference.ts";
import lines from "./_plugins/lines.ts";
import mark from "./_plugins/mark.ts";
import probe from "./_plugins/probe.ts";
import store from "./_plugins/store.ts";

Deno.test("a reference page tells type, unit, default and other names of each field", () => {
  const page = referencePage(store);
  assert.match(page, /^# store \(sink\)\n/);
  assert.match(
    page,
    /\| `store\.path` \| path \| {2}\| required \| Folder to write to\. Also `directory`\. \|/,
  );
  assert.match(
    page,
    /\| `store\.rollSize` \| size \| bytes \| `1MiB` \| Size at which a file is closed\. \|/,
  );
  assert.match(
    page,
    /\| `store\.password` \| secret \| {2}\| {2}\| Password of the folder\. Never shown\. \|/,
  );
  assert.match(page, /sink:\n {2}type: store\n {2}store\.path: {2}# required, path: Folder to write to\./);
});

Deno.test("a reference page keeps fields without effect apart", () => {
  const page = referencePage(probe);
  const [live = "", idle = ""] = page.split("## Accepted for Flume's files");
  assert.doesNotMatch(live, /`threads`|`delay`/);
  assert.match(idle, /\| `threads` \| No effect: there is one thread \|/);
  assert.match(idle, /\| `delay` \| Write `pollDelay` \|/);
});

Deno.test("the index links the pages by kind", () => {
  const page = indexPage([probe, lines]);
  assert.match(page, /## Sources\n[^#]*\[probe\]\(source\/probe\.md\)/);
  assert.match(page, /## Codecs\n[^#]*\[lines\]\(codec\/lines\.md\)/);
});

Deno.test("the JSON Schema knows both forms, all spellings and nested keys", () => {
  const schema = jsonSchema([probe, mark, store, lines]) as {
    properties: Record<string, unknown>;
    $defs: Record<
      string,
      { anyOf: { allOf: { then: { properties: Record<string, Record<string, unknown>> } }[] }[] }
    >;
  };
  for (const key of ["source", "sources", "sinkGroups", "agents", "shutdownTimeout"]) {
    assert.ok(schema.properties[key], key);
  }
  const { properties } = schema.$defs.sink!.anyOf[1]!.allOf[0]!.then;
  assert.ok(properties["store.path"] && properties.directory && properties.channel);
  const nested = properties.store!.properties as Record<string, Record<string, unknown>>;
  assert.equal(nested.rollInterval!.default, 30);
  assert.doesNotMatch(JSON.stringify(schema), /"alias"|"unit"/);
});
