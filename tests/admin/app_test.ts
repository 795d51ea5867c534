import assert from "node:assert/strict";
import { adminApp } from "../../admin/app.ts";
import type { AdminView } from "../../admin/view.ts";
import { component, viewOf } from "./_view.ts";

const LIMITS = { isLocal: true, hosts: ["metrics.example"], maxRequests: 2 };

interface Asked {
  readonly host?: string;
  readonly method?: string;
}

async function get(view: AdminView, path: string, { host = "localhost", method = "GET" }: Asked = {}) {
  const app = adminApp(view, LIMITS);
  const request = new Request(`http://localhost${path}`, {
    method,
    headers: { host },
  });
  const answer = await app.request(request);
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

Deno.test("admin server is alive whatever its components do", async () => {
  const view = viewOf([component({ state: "failed" })], { phase: () => "starting" });
  assert.deepEqual((await get(view, "/healthz")).status, 200);
});

Deno.test("pipeline is ready when all components are at work, a source may have ended, a sink of a group may be out", async () => {
  const view = viewOf([
    component({ kind: "source", state: "finished" }),
    component({}),
    component({ group: "g", state: "backing-off", error: "Connection refused" }),
  ]);
  const { status, text } = await get(view, "/readyz");
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(text), { ready: true, pipeline: "web", phase: "running", reasons: [] });
});

Deno.test("pipeline that is not ready says which components are not at work, with their last errors", async () => {
  const error = "Target answered 503";
  const view = viewOf([
    component({ kind: "source", name: "in", type: "http" }),
    component({ state: "backing-off", error, restarts: 3 }),
    component({ name: "late", type: "null", state: "starting" }),
  ]);
  const { status, text } = await get(view, "/readyz");
  assert.equal(status, 503);
  assert.deepEqual(JSON.parse(text).reasons, [
    { kind: "sink", component: "out", type: "file_roll", state: "backing-off", error, restarts: 3 },
    { kind: "sink", component: "late", type: "null", state: "starting", restarts: 0 },
  ]);
});

for (const phase of ["starting", "stopping"] as const) {
  Deno.test(`pipeline is not ready while it is ${phase}`, async () => {
    const { status, text } = await get(viewOf([], { phase: () => phase }), "/readyz");
    assert.deepEqual([status, JSON.parse(text).phase], [503, phase]);
  });
}

Deno.test("admin server lists its pages, and has no others", async () => {
  const view = viewOf([]);
  const { text } = await get(view, "/");
  assert.match(text, /Sluice 1\.2\.3, pipeline web/);
  for (const path of text.match(/^\/\S+/gm)!) assert.notEqual((await get(view, path)).status, 404, path);
  assert.equal((await get(view, "/config")).status, 404);
});

Deno.test("admin server gives Flume's JSON beside metrics for Prometheus", async () => {
  const view = viewOf([component({ counters: { EventDrainSuccessCount: 5 } })]);
  const json = await get(view, "/metrics.json");
  assert.deepEqual(JSON.parse(json.text), { "SINK.out": { Type: "SINK", EventDrainSuccessCount: "5" } });
  const prometheus = await get(view, "/metrics");
  assert.equal(prometheus.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.match(prometheus.text, /^sluice_event_drain_success_total\{.*\} 5$/m);
});

Deno.test("admin server shows gauges beside the counters of their component, labels in their names", async () => {
  const gauges = [{ name: "KafkaPartitionLag", labels: { topic: "app", partition: "3" }, value: 7 }];
  const { text } = await get(viewOf([component({ gauges }), component({ name: "other" })]), "/metrics.json");
  assert.deepEqual(JSON.parse(text), {
    "SINK.out": { Type: "SINK", 'KafkaPartitionLag{topic="app",partition="3"}': "7" },
    "SINK.other": { Type: "SINK" },
  });
});

Deno.test("admin server on loopback refuses requests that name another host", async () => {
  const view = viewOf([]);
  for (const host of ["evil.example", "evil.example:9414", "localhost.evil.example"]) {
    assert.equal((await get(view, "/metrics", { host })).status, 403, host);
  }
  for (const host of ["127.0.0.1:9414", "[::1]:9414", "metrics.example"]) {
    assert.equal((await get(view, "/metrics", { host })).status, 200, host);
  }
});

Deno.test("admin server on another address answers whatever name it is called by", async () => {
  const app = adminApp(viewOf([]), { ...LIMITS, isLocal: false });
  const answer = await app.request("http://agent-7.example/healthz", {
    headers: { host: "agent-7.example" },
  });
  assert.equal(answer.status, 200);
});

Deno.test("admin server changes nothing: it answers GET and HEAD alone", async () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const { status, headers } = await get(viewOf([]), "/metrics", { method });
    assert.deepEqual([status, headers.get("allow")], [405, "GET, HEAD"], method);
  }
  const { status, text } = await get(viewOf([]), "/metrics", { method: "HEAD" });
  assert.deepEqual([status, text], [200, ""]);
});

Deno.test("admin server answers so many requests at once, and asks the others to come again", async () => {
  const app = adminApp(viewOf([]), LIMITS);
  const headers = { host: "localhost" };
  const answers = await Promise.all(
    [1, 2, 3].map(() => app.request("http://localhost/metrics", { headers })),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 503]);
  assert.equal((await app.request("http://localhost/metrics", { headers })).status, 200);
});
