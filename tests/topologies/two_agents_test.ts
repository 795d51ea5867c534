import assert from "node:assert/strict";
import type { Settings } from "../peers/conf_text.ts";
import { until } from "../support/until.ts";
import { Bodies } from "../trials/bodies.ts";
import { Feeding } from "../trials/feed.ts";
import { LogFeed } from "../trials/log_feed.ts";
import { outputBytes } from "../trials/output.ts";
import { randomFor, ROUNDS, SEED } from "../trials/settings.ts";
import { judge } from "../trials/verdict.ts";
import { Estate } from "./estate.ts";
import { Proxy } from "./proxy.ts";
import { besiegeBoth } from "./siege.ts";

const UNDER_WAY_BYTES = 16 * 1024 * 1024;
const ARRIVAL_LIMIT_MS = 60_000;
const QUIET_MS = 200;
/** How the agents speak to each other: settings of the sink, and of the source. */
const WIRES: Readonly<Record<string, Settings>> = {
  "avro": {},
  "avro with deflate": { "compression-type": "deflate" },
};

for (const [wire, settings] of Object.entries(WIRES)) {
  const name =
    `two agents over ${wire}: nothing is lost, repeated or late, whatever is killed or cut (TRIAL_SEED=${SEED})`;
  Deno.test(name, async () => {
    await using estate = new Estate();
    const random = randomFor(name);
    const proxy = new Proxy(estate.port("receiver"));
    addAgents(estate, proxy, settings);
    const feed = new LogFeed(estate.folder, { bodies: new Bodies(), random: randomFor("logs") });
    const arrivedBytes = () => outputBytes(estate.output("receiver"));
    await estate.start("sender", "receiver");
    const feeding = new Feeding(feed, { maxUnderWayBytes: UNDER_WAY_BYTES, arrivedBytes });
    try {
      const faults = await besiegeBoth({ estate, proxy, random }, ROUNDS);
      await feeding.stop();
      await untilArrived(arrivedBytes, feed.outputBytes);
      await estate.stop();
      const { faults: places, ...verdict } = judge(estate.output("receiver"), feed.written, new Bodies());
      console.log(JSON.stringify({ wire, seed: SEED, faults, ...verdict }));
      const clean = { events: verdict.events, lost: 0, repeated: 0, late: 0, wrong: 0 };
      assert.deepEqual(verdict, clean, places.join("\n"));
    } finally {
      await feeding.stop();
      await proxy.close();
      feed.close();
    }
  });
}

/** What does not arrive is told by the comparison. */
async function untilArrived(arrivedBytes: () => number, wantedBytes: number): Promise<void> {
  await until("all to arrive", () => arrivedBytes() >= wantedBytes, ARRIVAL_LIMIT_MS).catch(() => {});
  // Repeats can bring as many bytes while the last events are still under way.
  for (let last = -1; last !== arrivedBytes();) {
    last = arrivedBytes();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}

function addAgents(estate: Estate, proxy: Proxy, wire: Settings): void {
  const { "sinks.k": sink, ...line } = estate.sending("k", "c", "receiver");
  estate.add("sender", {
    "sources.in": {
      type: "taildir",
      filegroups: "f",
      "filegroups.f": `${estate.folder}/logs/app\\\\d\\\\.log(\\\\.\\\\d+)?`,
      pollInterval: 50,
      channels: "c",
    },
    ...estate.keeping("sender", "c"),
    ...line,
    "sinks.k": { ...sink, ...wire, port: proxy.port },
  });
  estate.addStoring("receiver", wire);
}
