import assert from "node:assert/strict";
import { gaugeOf, histogramOf, KNOWN_NAMES, metricOf, OWN_METRICS } from "../../admin/metric_names.ts";
import { renderMetrics } from "../../admin/metrics.ts";
import { serverTest } from "../servers/mod.ts";
import { ROOT } from "../support/run_pipeline.ts";
import { component, viewOf } from "./_view.ts";

const VIEW = viewOf([
  component({
    kind: "source",
    name: "in",
    type: "http",
    counters: {
      EventReceivedCount: 12,
      OpenConnectionCount: 3,
      KafkaCommitTimer: 1500,
      KafkaLag: 17,
      StartTime: 1_500,
      StopTime: 0,
    },
    gauges: [
      { name: "KafkaPartitionLag", labels: { topic: "app", partition: "0" }, value: 12 },
      { name: "KafkaPartitionLag", labels: { topic: "app", partition: "1" }, value: 5 },
    ],
  }),
  component({
    kind: "channel",
    name: "c",
    type: "file",
    counters: { ChannelSize: 25, ChannelCapacity: 100, Open: 1 },
    histograms: { JournalSyncSeconds: { bounds: [0.001, 0.01], counts: [1, 0, 1], sum: 0.5 } },
  }),
  component({ kind: "channel", name: "d", type: "direct", counters: { ChannelSize: 1, ChannelCapacity: 0 } }),
  component({
    name: 'a"b\\c',
    restarts: 2,
    counters: { EventDrainSuccessCount: 7, "My-Own.Count": 4, OddCount: NaN },
    histograms: { BatchAgeSeconds: { bounds: [1, 5], counts: [4, 2, 1], sum: 30 } },
  }),
]);

async function linesOf(view: typeof VIEW): Promise<Map<string, number>> {
  const { text } = await renderMetrics(view);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const end = line.lastIndexOf(" ");
    return [line.slice(0, end), Number(line.slice(end + 1))];
  }));
}

Deno.test("metrics carry pipeline, kind, component and type, counters and gauges alike", async () => {
  const lines = await linesOf(VIEW);
  const source = 'pipeline="web",kind="source",component="in",type="http"';
  assert.equal(lines.get(`sluice_event_received_total{${source}}`), 12);
  assert.equal(lines.get(`sluice_open_connections{${source}}`), 3);
  assert.equal(lines.get(`sluice_component_start_time_seconds{${source}}`), 1.5);
  assert.equal(lines.get(`sluice_component_state{${source},state="running"}`), 1);
  assert.equal(lines.get(`sluice_component_state{${source},state="failed"}`), 0);
  const sink = 'pipeline="web",kind="sink",component="a\\"b\\\\c",type="file_roll"';
  assert.equal(lines.get(`sluice_component_restarts_total{${sink}}`), 2);
  assert.equal(lines.get(`sluice_my_own_total{${sink}}`), 4);
});

Deno.test("gauges with labels have them beside those of their component; Flume's milliseconds are seconds", async () => {
  const lines = await linesOf(VIEW);
  const source = 'pipeline="web",kind="source",component="in",type="http"';
  assert.equal(lines.get(`sluice_kafka_lag{topic="app",partition="0",${source}}`), 12);
  assert.equal(lines.get(`sluice_kafka_lag{topic="app",partition="1",${source}}`), 5);
  assert.equal(lines.get(`sluice_kafka_total_lag{${source}}`), 17);
  assert.equal(lines.get(`sluice_kafka_commit_seconds_total{${source}}`), 1.5);
});

Deno.test("gauge with labels that are none for Prometheus takes no other metric away", async () => {
  const gauges = [
    { name: "Depth", labels: { "no label": "x" }, value: 1 },
    { name: "Depth", labels: { queue: "a" }, value: 2 },
    { name: "Depth", labels: { other: "b" }, value: 3 },
  ];
  const lines = await linesOf(viewOf([component({ gauges, counters: { EventDrainSuccessCount: 7 } })]));
  const sink = 'pipeline="web",kind="sink",component="out",type="file_roll"';
  assert.equal(lines.get(`sluice_depth{queue="a",${sink}}`), 2);
  assert.equal(lines.get(`sluice_event_drain_success_total{${sink}}`), 7);
});

Deno.test("fill of a channel is a ratio, and absent where there is no limit", async () => {
  const lines = await linesOf(VIEW);
  const fills = [...lines].filter(([name]) => name.startsWith("sluice_channel_fill_ratio"));
  assert.deepEqual(fills, [
    ['sluice_channel_fill_ratio{pipeline="web",kind="channel",component="c",type="file"}', 0.25],
  ]);
});

Deno.test("histograms are shown with cumulative buckets, sum and count", async () => {
  const lines = await linesOf(VIEW);
  const labels = 'pipeline="web",kind="channel",component="c",type="file"';
  const shown = [...lines].filter(([name]) => name.startsWith("sluice_journal_sync_seconds"));
  assert.deepEqual(shown, [
    [`sluice_journal_sync_seconds_bucket{${labels},le="0.001"}`, 1],
    [`sluice_journal_sync_seconds_bucket{${labels},le="0.01"}`, 1],
    [`sluice_journal_sync_seconds_bucket{${labels},le="+Inf"}`, 2],
    [`sluice_journal_sync_seconds_sum{${labels}}`, 0.5],
    [`sluice_journal_sync_seconds_count{${labels}}`, 2],
  ]);
});

Deno.test("process metrics are there without any component", async () => {
  const lines = await linesOf(viewOf([]));
  for (const { name } of [OWN_METRICS.processor, OWN_METRICS.resident, OWN_METRICS.heap]) {
    assert.ok(lines.get(name)! > 0, name);
  }
  const ageSeconds = Date.now() / 1000 - lines.get("process_start_time_seconds")!;
  assert.ok(ageSeconds > 0 && ageSeconds < 3600, `${ageSeconds} s`);
  assert.equal(lines.get(`sluice_build_info{version="1.2.3",deno="${Deno.version.deno}"}`), 1);
});

serverTest({ needs: ["prometheus"] }, "promtool finds nothing to complain about in the metrics", async () => {
  const { text } = await renderMetrics(VIEW);
  const child = new Deno.Command("promtool", { args: ["check", "metrics"], stdin: "piped", stderr: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { code, stderr } = await child.output();
  assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, ""]);
});

serverTest(
  { needs: ["prometheus"] },
  "promtool accepts the alert rules of the monitoring guide, whose metrics exist",
  async () => {
    const page = await Deno.readTextFile(`${ROOT}docs/guide/monitoring.md`);
    const [, rules = ""] = /^```text\n(groups:[\s\S]*?)^```$/m.exec(page) ?? [];
    const file = await Deno.makeTempFile({ suffix: ".yaml" });
    try {
      await Deno.writeTextFile(file, rules);
      const { code, stdout } = await new Deno.Command("promtool", { args: ["check", "rules", file] })
        .output();
      const text = new TextDecoder().decode(stdout);
      assert.deepEqual([code, /SUCCESS: (\d+) rules found/.exec(text)?.[1]], [0, "7"], text);
    } finally {
      await Deno.remove(file);
    }
    for (const [name] of rules.matchAll(/sluice_\w+/g)) assert.ok(page.includes(`| \`${name}\``), name);
  },
);

/** Counters that the code names, found by their calls. */
async function usedNames(folder: string): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) { for (const found of await usedNames(`${folder}/${name}`)) names.add(found); }
    if (!name.endsWith(".ts")) continue;
    const text = await Deno.readTextFile(`${folder}/${name}`);
    for (const [, used] of text.matchAll(/counters\??\s*\.(?:add|set|histogram|gauge)\(\s*"(\w+)"/g)) {
      names.add(used!);
    }
  }
  return names;
}

Deno.test("every counter that core and plugins name has a help text", async () => {
  const used = [...await usedNames(`${ROOT}core`), ...await usedNames(`${ROOT}plugins`)];
  assert.deepEqual(used.filter((name) => !KNOWN_NAMES.includes(name)), []);
});

Deno.test("monitoring guide names every metric", async () => {
  const page = await Deno.readTextFile(`${ROOT}docs/guide/monitoring.md`);
  const listed = new Set(Array.from(page.matchAll(/^\| `(\w+)`/gm), ([, name]) => name!));
  const isHistogram = (name: string) => /Seconds$|Records$/.test(name);
  const nameOf = (name: string) => {
    if (name === "KafkaPartitionLag") return gaugeOf(name);
    return isHistogram(name) ? histogramOf(name) : metricOf(name);
  };
  const known = KNOWN_NAMES.map((name) => nameOf(name).name);
  const own = Object.values(OWN_METRICS).map(({ name }) => name);
  assert.deepEqual([...listed].sort(), [...new Set([...known, ...own])].sort());
});
