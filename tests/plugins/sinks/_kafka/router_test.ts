import assert from "node:assert/strict";
import { EventBatch, PoisonError } from "sluice/plugin";
import { Router, type RouteSettings } from "../../../../plugins/sinks/_kafka/router.ts";
import { templateFault, TopicTemplate } from "../../../../plugins/sinks/_kafka/topic_template.ts";
import { testContext } from "../../../support/context.ts";

const NOW_MS = 1_700_000_000_000;

interface Change extends Partial<Omit<RouteSettings, "template">> {
  readonly template?: string;
}

async function route(batch: EventBatch, { template = "logs", ...change }: Change = {}) {
  const context = testContext();
  const router = new Router({
    topicHeader: "topic",
    partitionIdHeader: undefined,
    defaultPartitionId: undefined,
    timestampHeader: undefined,
    headers: [],
    renamed: new Map(),
    isFlumeFormat: false,
    batchBytes: 1024,
    maxRecordBytes: 1000,
    ...change,
    template: new TopicTemplate(template),
  }, context.log);
  const routed = await router.route(batch, { nowMs: NOW_MS, countOf: () => Promise.resolve(2) });
  const warned = context.lines.map(({ text }) => text);
  return {
    parts: routed.map(({ part }) => part),
    places: routed.map(({ places }) => places && [...places]),
    warned,
  };
}

function batchOf(...headers: Record<string, string>[]): EventBatch {
  return EventBatch.from(headers.map((own, index) => ({ headers: own, body: `body ${index}` })));
}

async function poisonOf(batch: EventBatch, change?: Change): Promise<[readonly number[], string]> {
  const cause = await route(batch, change).then(() => undefined, (cause) => cause);
  assert.ok(cause instanceof PoisonError, String(cause));
  return [cause.indexes, cause.message];
}

Deno.test("kafka sink sends a plain batch on as it is, in one part", async () => {
  const batch = batchOf({ host: "a" }, { host: "b" });
  const { parts: [part, ...others], places } = await route(batch);
  assert.deepEqual([others, places], [[], [undefined]]);
  assert.equal(part!.bodies, batch);
  assert.deepEqual([part!.topic, part!.keys, part!.headers, part!.timestamps], [
    "logs",
    undefined,
    undefined,
    NOW_MS,
  ]);
});

Deno.test("kafka sink finds the topic in a header, else in the template, and order within a topic stays", async () => {
  const batch = batchOf({ host: "a" }, { topic: "own" }, {}, { host: "a" }, { host: "b" });
  const { parts, places } = await route(batch, { template: "logs-%{host}" });
  assert.deepEqual(parts.map(({ topic }) => topic), ["logs-a", "own", "logs-", "logs-b"]);
  assert.deepEqual(places, [[0, 3], [1], [2], [4]]);
  const without = await route(batch, { topicHeader: undefined });
  assert.deepEqual(without.parts.map(({ topic }) => topic), ["logs"]);
});

Deno.test("kafka sink sets events apart whose topic cannot be", async () => {
  const batch = batchOf({ topic: "a b" }, { topic: "good" }, { topic: ".." }, { topic: "" });
  const [indexes, text] = await poisonOf(batch);
  assert.deepEqual(indexes, [0, 2, 3]);
  assert.match(text, /"a b" is no topic name/);
  assert.deepEqual(await poisonOf(batchOf({}, {}), { template: "%{host}" }).then(([all]) => all), [0, 1]);
});

Deno.test("kafka sink sets events apart whose partition header is no partition, and sends by the others", async () => {
  const change = { partitionIdHeader: "p", defaultPartitionId: 1 };
  const [indexes, text] = await poisonOf(batchOf({ p: "0" }, { p: "2" }, {}, { p: "one" }), change);
  assert.deepEqual(indexes, [1, 3]);
  assert.match(text, /Header "p" holds "2", which is no partition/);
  const { parts, places } = await route(batchOf({ p: "0" }, {}, { p: "0" }), change);
  assert.deepEqual(parts.map(({ partition }) => partition), [0, 1]);
  assert.deepEqual(places, [[0, 2], [1]]);
});

Deno.test("kafka sink sends headers as they are asked for, and keys", async () => {
  const batch = batchOf({ key: "k", host: "h", user: "u" }, { key: "k", host: "h" });
  const renamed = new Map([["host", "hostname"], ["absent", "x"]]);
  const headersOf = async (change: Change) => [...(await route(batch, change)).parts[0]!.headers ?? []];
  assert.deepEqual(await headersOf({ renamed }), [["hostname", ["h", "h"]]]);
  assert.deepEqual(await headersOf({ headers: ["user"], renamed }), [["user", ["u", undefined]], [
    "hostname",
    ["h", "h"],
  ]]);
  assert.deepEqual((await headersOf({ headers: true })).map(([name]) => name), ["key", "host", "user"]);
  assert.deepEqual((await route(batch)).parts[0]!.keys, ["k", "k"]);
});

Deno.test("kafka sink takes times from a header, and says once what is none", async () => {
  const batch = batchOf({ at: "1000" }, {}, { at: "yesterday" }, { at: "-5" });
  const { parts: [part], warned } = await route(batch, { timestampHeader: "at" });
  assert.deepEqual([...part!.timestamps as Float64Array], [1000, NOW_MS, NOW_MS, NOW_MS]);
  assert.equal(warned.length, 1);
  assert.match(warned[0]!, /Header "at" holds "yesterday"/);
  const even = await route(batch.withHeader("at", "77"), { timestampHeader: "at" });
  assert.equal(even.parts[0]!.timestamps, 77);
});

Deno.test("kafka sink sets events apart that are larger than a request, headers counted", async () => {
  const sized = (bytes: number, header = "") => ({ headers: { h: header }, body: "x".repeat(bytes) });
  const [plain] = await poisonOf(EventBatch.from([sized(900), sized(950), sized(10)]));
  assert.deepEqual(plain, [1]);
  const change = { headers: true } as const;
  const [withHeaders] = await poisonOf(EventBatch.from([sized(600, "y".repeat(500)), sized(600)]), change);
  assert.deepEqual(withHeaders, [0]);
});

Deno.test("kafka sink knows templates that cannot work", () => {
  for (const good of ["logs", "%{a}", "a-%{b.c}_%{d}.x"]) assert.equal(templateFault(good), undefined, good);
  for (const bad of ["", "a b", "%Y", "%{a", "a/%{b}", "x".repeat(250)]) assert.ok(templateFault(bad), bad);
});
