import assert from "node:assert/strict";
import type { Reporter } from "sluice/plugin";
import http from "../../../plugins/reporters/http.ts";
import { testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";

const SNAPSHOT = {
  "SOURCE.in": { Type: "SOURCE", EventReceivedCount: 17, StopTime: 0 },
  "CHANNEL.c": { Type: "CHANNEL", ChannelFillPercentage: "1.7976931348623157E308", Open: "true" },
};

async function withReporter(
  bind: string,
  use: (url: string, context: ReturnType<typeof testContext>) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const context = testContext({ signal: stop.signal });
  const reporter = await http.create({ port: 0, bind }, context) as Reporter;
  const serving = reporter.serve!(() => SNAPSHOT);
  try {
    await until("the port", () => context.counters.get("Port") > 0);
    await use(`http://127.0.0.1:${context.counters.get("Port")}`, context);
  } finally {
    stop.abort();
    await serving;
  }
}

/** A request that `fetch` would not send. */
async function ask(url: string, request: string): Promise<string> {
  const conn = await Deno.connect({ port: Number(new URL(url).port) });
  await conn.write(new TextEncoder().encode(`${request}Connection: close\r\n\r\n`));
  const answer = await new Response(conn.readable).text();
  return answer.split("\r\n", 1)[0]!;
}

Deno.test("http reporter answers /metrics with Flume's JSON, every value a text", async () => {
  await withReporter("127.0.0.1", async (url) => {
    for (const path of ["/metrics", "/METRICS?x=1"]) {
      const answer = await fetch(url + path);
      assert.equal(answer.headers.get("content-type"), "application/json;charset=utf-8");
      assert.deepEqual(await answer.json(), {
        "SOURCE.in": { Type: "SOURCE", EventReceivedCount: "17", StopTime: "0" },
        "CHANNEL.c": { Type: "CHANNEL", ChannelFillPercentage: "1.7976931348623157E308", Open: "true" },
      });
    }
  });
});

Deno.test("http reporter answers other paths and methods as Flume's server does", async () => {
  await withReporter("127.0.0.1", async (url) => {
    const index = await fetch(`${url}/`);
    assert.match(await index.text(), /<a href="\.\/metrics">/);
    const other = await fetch(`${url}/metrics/in`);
    assert.deepEqual([other.status, await other.text()], [404, "Not found\n"]);
    const options = await fetch(`${url}/metrics`, { method: "OPTIONS" });
    assert.deepEqual([options.status, await options.text()], [403, ""]);
    assert.match(await ask(url, "TRACE /metrics HTTP/1.1\r\nHost: localhost\r\n"), / 403 /);
  });
});

Deno.test("http reporter on loopback refuses requests that name another host, and says where it listens", async () => {
  await withReporter("127.0.0.1", async (url, { lines }) => {
    assert.match(await ask(url, "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n"), / 403 /);
    assert.match(await ask(url, "GET /metrics HTTP/1.1\r\nHost: localhost:1\r\n"), / 200 /);
    assert.equal(lines[0]!.text, "Listening");
    assert.match(String(lines[0]!.properties!.note), /-Dflume\.monitoring\.bind=0\.0\.0\.0/);
  });
});

Deno.test("http reporter on every interface answers whatever name it is called by", async () => {
  await withReporter("0.0.0.0", async (url) => {
    assert.match(await ask(url, "GET /metrics HTTP/1.1\r\nHost: agent-7.example\r\n"), / 200 /);
  });
});

Deno.test("http reporter says which port it cannot have", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const reporter = await http.create({ port, bind: "127.0.0.1" }, testContext()) as Reporter;
  await assert.rejects(
    reporter.serve!(() => SNAPSHOT),
    new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: another`),
  );
  taken.close();
});
