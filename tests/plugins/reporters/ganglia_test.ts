import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { hostname } from "node:os";
import type { CounterSnapshot, Reporter } from "sluice/plugin";
import ganglia from "../../../plugins/reporters/ganglia.ts";
import { encodeGanglia30, encodeGanglia31 } from "../../../protocols/gmetric.ts";
import { serverTest } from "../../servers/mod.ts";
import { testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";

const SNAPSHOT: CounterSnapshot = {
  "SOURCE.r1": { Type: "SOURCE", EventReceivedCount: 4711, StartTime: 1_795_227_575_164 },
  "CHANNEL.c1": { Type: "CHANNEL", Open: "true", ChannelFillPercentage: "12.5" },
};
const METRICS = Object.entries(SNAPSHOT).flatMap(([component, counters]) =>
  Object.entries(counters).map(([counter, value]) => ({
    host: hostname(),
    name: `flume.${component}.${counter}`,
    value: String(value),
  }))
);

async function reporterTo(hosts: string, isGanglia3 = false): Promise<Reporter> {
  const config = { hosts: hosts.split(","), pollFrequency: 60, isGanglia3 };
  return await ganglia.create(config, testContext()) as Reporter;
}

/** What arrives at a UDP port. */
async function listen(): Promise<{ port: number; packets: Uint8Array[]; close(): void }> {
  const packets: Uint8Array[] = [];
  const socket = createSocket("udp4", (bytes) => void packets.push(new Uint8Array(bytes)));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return { port: socket.address().port, packets, close: () => socket.close() };
}

for (const [isGanglia3, encode] of [[false, encodeGanglia31], [true, encodeGanglia30]] as const) {
  Deno.test(`ganglia reporter sends all counters to each host, isGanglia3 ${isGanglia3}`, async () => {
    const [one, other] = [await listen(), await listen()];
    const reporter = await reporterTo(`127.0.0.1:${one.port},localhost:${other.port}`, isGanglia3);
    try {
      await reporter.report!(SNAPSHOT);
      const expected = METRICS.flatMap(encode);
      for (const { packets } of [one, other]) {
        await until("the packets", () => packets.length === expected.length);
        assert.deepEqual(packets, expected);
      }
    } finally {
      await reporter.close!();
      one.close();
      other.close();
    }
  });
}

Deno.test("ganglia reporter sends to the other hosts when the name of one cannot be found, and says which", async () => {
  const { port, packets, close } = await listen();
  const reporter = await reporterTo(`nowhere.invalid:8649,127.0.0.1:${port}`);
  try {
    await assert.rejects(reporter.report!(SNAPSHOT), /Cannot find the address of "nowhere\.invalid"/);
    await until("the packets", () => packets.length === METRICS.length * 2);
  } finally {
    await reporter.close!();
    close();
  }
});

Deno.test("ganglia reporter leaves out what is too long for a packet, and says so", async () => {
  const { port, packets, close } = await listen();
  const reporter = await reporterTo(`127.0.0.1:${port}`);
  const snapshot = { [`SINK.${"k".repeat(1400)}`]: { StopTime: 0 }, "SINK.k1": { StopTime: 0 } };
  try {
    await assert.rejects(reporter.report!(snapshot), /is longer than 1400/);
    await until("the other sink's packets", () => packets.length === 2);
  } finally {
    await reporter.close!();
    close();
  }
});

Deno.test("ganglia reporter wants hosts with ports, and a wait", () => {
  const check = (hosts: readonly string[], pollFrequency = 60) =>
    ganglia.check!({ hosts, pollFrequency, isGanglia3: false }).map(({ text }) => text);
  assert.deepEqual(check(["gmond.example:8649", "[::1]:8649"]), []);
  assert.deepEqual(check([]), ["hosts is empty"]);
  assert.deepEqual(check(["gmond.example"]), ['"gmond.example" is no host with a port']);
  assert.deepEqual(check(["h:0"]), ['"h:0" is no host with a port']);
  assert.deepEqual(check(["h:1"], 0), ["pollFrequency is not above 0"]);
});

/** Metrics that gmond knows: name → type and value. */
async function metricsOf(port: number): Promise<Map<string, string>> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const xml = await new Response(conn.readable).text();
  const metrics = xml.matchAll(/<METRIC NAME="([^"]*)" VAL="([^"]*)" TYPE="([^"]*)"/g);
  return new Map(Array.from(metrics, ([, name, value, type]) => [name!, `${type} ${value}`]));
}

serverTest("gmond", "gmond shows the counters that the ganglia reporter sends", async (env) => {
  const reporter = await reporterTo(`127.0.0.1:${env.GMOND_PORT}`);
  try {
    await reporter.report!(SNAPSHOT);
    let metrics = new Map<string, string>();
    await until("the metrics", async () => {
      metrics = await metricsOf(Number(env.GMOND_XML_PORT));
      return metrics.size === METRICS.length;
    });
    assert.equal(metrics.get("flume.SOURCE.r1.EventReceivedCount"), "float 4711");
    assert.equal(metrics.get("flume.CHANNEL.c1.Open"), "string true");
    assert.equal(metrics.get("flume.SOURCE.r1.StartTime"), "float 1795227575164");
  } finally {
    await reporter.close!();
  }
});
