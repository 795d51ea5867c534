import assert from "node:assert/strict";
import { AdminServer } from "../../admin/server.ts";
import { serverTest, startServer } from "../servers/mod.ts";
import { type LogLine, testContext } from "../support/context.ts";
import { ROOT } from "../support/run_pipeline.ts";
import { until } from "../support/until.ts";
import { component, viewOf } from "./_view.ts";

const VIEW = viewOf([
  component({
    counters: { EventDrainSuccessCount: 400 },
    histograms: { BatchAgeSeconds: { bounds: [0.1, 1], counts: [300, 100, 0], sum: 80 } },
  }),
  component({
    kind: "channel",
    name: "c",
    type: "memory",
    counters: { ChannelSize: 80, ChannelCapacity: 100 },
  }),
]);

function start(port: number, bind = "127.0.0.1") {
  const { log, lines } = testContext();
  const server = new AdminServer({ place: { port, bind, hosts: [] }, view: VIEW, log });
  return { server, lines };
}

async function urlOf(lines: readonly LogLine[]): Promise<string> {
  const url = () => lines.find(({ text }) => text === "Listening")?.properties?.url as string | undefined;
  await until("the admin server", () => url() !== undefined);
  return url()!;
}

Deno.test("admin server says where it listens, answers there, and ends although a client keeps its connection", async () => {
  const { server, lines } = start(0);
  const answer = await fetch(`${await urlOf(lines)}healthz`);
  assert.equal(await answer.text(), "alive\n");
  await server.stop();
  await assert.rejects(fetch(`${await urlOf(lines)}healthz`), TypeError);
});

Deno.test("admin server listens on IPv6 loopback", async () => {
  const { server, lines } = start(0, "::1");
  const answer = await fetch(`${await urlOf(lines)}healthz`);
  assert.equal(await answer.text(), "alive\n");
  await server.stop();
});

Deno.test("admin server whose port is taken says so once, and listens when it is free", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const { server, lines } = start(port);
  await until("the complaint", () => lines.length === 1);
  const text = `Cannot listen on 127.0.0.1:${port}: another program has the port; trying again`;
  assert.deepEqual([lines[0]!.level, lines[0]!.text], ["error", text]);
  taken.close();
  assert.equal(await urlOf(lines), `http://127.0.0.1:${port}/`);
  await server.stop();
});

/** The queries that the guide recommends, a line each. */
async function guideQueries(): Promise<string[]> {
  const page = await Deno.readTextFile(`${ROOT}docs/guide/monitoring.md`);
  const blocks = Array.from(page.matchAll(/^```promql\n([\s\S]*?)^```$/gm), ([, block]) => block!);
  assert.ok(blocks.length > 0);
  return blocks.flatMap((block) => block.trim().split("\n"));
}

serverTest(
  { needs: ["prometheus"] },
  "Prometheus scrapes the admin server and answers what it saw",
  async () => {
    const { server, lines } = start(0);
    const target = new URL(await urlOf(lines)).host;
    const prometheus = (await startServer("prometheus", { PROMETHEUS_TARGETS: target }))!;
    const query = async (text: string): Promise<number | undefined> => {
      const url = new URL("/api/v1/query", prometheus.env.PROMETHEUS_URL);
      url.searchParams.set("query", text);
      const { data, error } = await (await fetch(url)).json();
      assert.equal(error, undefined, text);
      const { result } = data;
      return result[0] && Number(result[0].value[1]);
    };
    try {
      await until("a scrape", async () => await query("up") === 1, 20_000);
      const answers: [query: string, value: number][] = [
        ['sluice_event_drain_success_total{pipeline="web",component="out"}', 400],
        ['sluice_channel_fill_ratio{component="c"} > 0.75', 0.8],
        ['sluice_component_state{kind="sink",state="running"}', 1],
        ["sluice_batch_age_seconds_sum / sluice_batch_age_seconds_count", 0.2],
        ["histogram_quantile(0.75, sluice_batch_age_seconds_bucket)", 0.1],
      ];
      for (const [text, value] of answers) assert.equal(await query(text), value, text);
      for (const text of await guideQueries()) await query(text);
    } finally {
      await prometheus.stop();
      await server.stop();
    }
  },
);
