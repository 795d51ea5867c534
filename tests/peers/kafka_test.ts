import assert from "node:assert/strict";
import { serverTest } from "../servers/mod.ts";
import { until } from "../support/until.ts";
import { Witness } from "../trials/kafka/witness.ts";
import { sendWithFlume, startFlume } from "./flume/flume.ts";
import { agentConf, allWays, eventsOf, type Program, type Way } from "./kafka/ways.ts";
import { compareEvents, countEvents, readEvents } from "./numbered_events.ts";
import type { Peer } from "./peer.ts";
import { startSluice } from "./sluice.ts";

/** Events on each way. */
const EVENTS = 2000;
const PARTITIONS = 3;
const ARRIVAL_LIMIT_MS = 60_000;
const PROGRAMS: readonly Program[] = ["Flume", "Sluice"];

interface Lab {
  readonly folder: string;
  readonly classpath: string;
  readonly brokers: string;
}

serverTest(
  ["flume", "kafka"],
  "every event goes through Kafka once and unchanged, whichever of Sluice and Flume puts it there and takes it",
  async (env) => {
    const folder = await Deno.makeTempDir({ prefix: "kafka-ways-" });
    const lab = { folder, classpath: env.FLUME_CLASSPATH!, brokers: env.KAFKA_BROKERS! };
    const ways = allWays(folder, PROGRAMS);
    const peers: Peer[] = [];
    try {
      await makePlaces(ways, lab.brokers);
      peers.push(...await Promise.all(PROGRAMS.map((program) => start(program, ways, lab))));
      await passEvents(ways, lab);
      for (const peer of peers) await end(peer);
      await judgeWays(ways);
    } finally {
      for (const peer of peers) await peer.kill();
    }
    await Deno.remove(folder, { recursive: true });
  },
);

async function makePlaces(ways: readonly Way[], brokers: string): Promise<void> {
  await using witness = new Witness(brokers);
  for (const { folder } of ways) Deno.mkdirSync(folder);
  await Promise.all(ways.map(({ topic }) => witness.createTopic(topic, { partitions: PARTITIONS })));
}

async function start(program: Program, ways: readonly Way[], lab: Lab): Promise<Peer> {
  const agent = {
    name: "a1",
    conf: agentConf(program, ways, lab.brokers),
    folder: `${lab.folder}/${program}`,
  };
  if (program === "Flume") return await startFlume({ ...agent, classpath: lab.classpath });
  return await startSluice({ ...agent, listening: ways.filter(({ sender }) => sender === program).length });
}

/** Flume takes a quarter of a minute for an orderly stop, which nothing here depends on. */
async function end(peer: Peer): Promise<void> {
  if (peer.program === "java") return await peer.kill();
  assert.equal(await peer.stop(), 0, peer.lastWords);
}

async function passEvents(ways: readonly Way[], { classpath }: Lab): Promise<void> {
  await sendWithFlume(classpath, {
    port: ways.map(({ port }) => port).join(","),
    origin: ways.map(({ topic }) => topic).join(","),
    events: EVENTS,
    batch: 500,
  });
  // What does not arrive is told by the comparison.
  await until(
    "all to arrive",
    () => ways.every(({ folder }) => countEvents(folder) >= EVENTS),
    ARRIVAL_LIMIT_MS,
  )
    .catch(() => {});
}

/** Prints what came of each way as a table, and fails when anything is not as it was sent. */
async function judgeWays(ways: readonly Way[]): Promise<void> {
  const arrivals = await Promise.all(
    ways.map(async (way) => compareEvents(await readEvents(way.folder), eventsOf(way, EVENTS))),
  );
  const rows = ways.map(({ sender, receiver, wire }, at) => {
    const { events, lost, repeated, wrong } = arrivals[at]!;
    return `| ${[sender, receiver, wire, EVENTS, events, lost, repeated, wrong].join(" | ")} |`;
  });
  console.log(["| sender | receiver | wire | sent | came | lost | repeated | wrong |", ...rows].join("\n"));
  const clean = { events: EVENTS, lost: 0, repeated: 0, wrong: 0 };
  assert.deepEqual(arrivals, ways.map(() => clean));
}
