import assert from "node:assert/strict";
import { serverTest } from "../../servers/mod.ts";
import { until } from "../../support/until.ts";
import { countEvents, judgeArrival, readEvents } from "../numbered_events.ts";
import type { Peer } from "../peer.ts";
import { startSluice } from "../sluice.ts";
import { sendWithFlume, startFlume } from "./flume.ts";
import { type KeyStores, makeKeyStores } from "./key_stores.ts";
import { allWays, nameOf, type Program, receiverConf, senderConf, type Way } from "./matrix.ts";

/** Events on each way. */
const EVENTS = 10_000;
const ARRIVAL_LIMIT_MS = 60_000;
const PROGRAMS: readonly Program[] = ["Flume", "Sluice"];

interface Lab {
  readonly folder: string;
  readonly classpath: string;
  readonly stores: KeyStores;
}

serverTest(
  "flume",
  "every event comes once and unchanged, whichever of Sluice and Flume sends and receives",
  async (env) => {
    const folder = await Deno.makeTempDir({ prefix: "matrix-" });
    const lab = { folder, classpath: env.FLUME_CLASSPATH!, stores: await makeKeyStores(folder) };
    const ways = allWays(folder);
    for (const way of ways) Deno.mkdirSync(way.folder);
    const peers: Peer[] = [];
    try {
      for (const program of PROGRAMS) peers.push(await startReceiver(program, ways, lab));
      for (const program of PROGRAMS) peers.push(await startSender(program, ways, lab));
      await passEvents(ways, lab);
      for (const peer of peers.reverse()) await end(peer);
      await judgeWays(ways);
    } finally {
      for (const peer of peers) await peer.kill();
    }
    await Deno.remove(folder, { recursive: true });
  },
);

/** Flume takes a quarter of a minute for an orderly stop, which nothing here depends on. */
async function end(peer: Peer): Promise<void> {
  if (peer.program === "java") return await peer.kill();
  assert.equal(await peer.stop(), 0, peer.lastWords);
}

async function startReceiver(program: Program, all: readonly Way[], lab: Lab): Promise<Peer> {
  const ways = all.filter(({ receiver }) => receiver === program);
  return await start(program, {
    name: "receiver",
    conf: receiverConf(ways, lab.stores),
    listening: ways.length,
  }, lab);
}

async function startSender(program: Program, all: readonly Way[], lab: Lab): Promise<Peer> {
  const ways = all.filter(({ sender }) => sender === program);
  return await start(
    program,
    { name: "sender", conf: senderConf(ways, lab.stores), listening: ways.length },
    lab,
  );
}

async function start(
  program: Program,
  agent: { readonly name: string; readonly conf: string; readonly listening: number },
  { folder, classpath }: Lab,
): Promise<Peer> {
  const options = { ...agent, name: "a1", folder: `${folder}/${program} ${agent.name}` };
  return program === "Flume" ? await startFlume({ ...options, classpath }) : await startSluice(options);
}

async function passEvents(ways: readonly Way[], { classpath }: Lab): Promise<void> {
  const sent = await sendWithFlume(classpath, {
    port: ways.map(({ inPort }) => inPort).join(","),
    origin: ways.map(nameOf).join(","),
    events: EVENTS,
    batch: 500,
  });
  assert.deepEqual(sent.map(({ events }) => events), ways.map(() => EVENTS));
  const missing = () => ways.filter(({ folder }) => countEvents(folder) < EVENTS);
  // What does not arrive is told by the comparison.
  await until("all to arrive", () => missing().length === 0, ARRIVAL_LIMIT_MS).catch(() => {});
}

/** Prints what came of each way as a table, and fails when anything is not as it was sent. */
async function judgeWays(ways: readonly Way[]): Promise<void> {
  const arrivals = await Promise.all(
    ways.map(async (way) => judgeArrival(await readEvents(way.folder), nameOf(way), EVENTS)),
  );
  const rows = ways.map(({ sender, receiver, wire }, at) => {
    const { events, lost, repeated, wrong } = arrivals[at]!;
    return `| ${[sender, receiver, wire, EVENTS, events, lost, repeated, wrong].join(" | ")} |`;
  });
  console.log(["| sender | receiver | wire | sent | came | lost | repeated | wrong |", ...rows].join("\n"));
  const clean = { events: EVENTS, lost: 0, repeated: 0, wrong: 0 };
  assert.deepEqual(arrivals, ways.map(() => clean));
}
