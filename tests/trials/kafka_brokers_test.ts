import { serverTest, startServer } from "../servers/mod.ts";
import type { RunningServer } from "../servers/mod.ts";
import type { Random } from "../simulation/random.ts";
import { Proxy } from "../topologies/proxy.ts";
import { Bodies } from "./bodies.ts";
import { Feeding } from "./feed.ts";
import { assertExact, untilArrived } from "./kafka/arrival.ts";
import { Crew } from "./kafka/crew.ts";
import {
  CLIENTS,
  comesBack,
  FILE,
  kafkaSink,
  kafkaSource,
  type Place,
  ROLL,
  SPOOL,
} from "./kafka/pipelines.ts";
import { Witness } from "./kafka/witness.ts";
import { outputBytes } from "./output.ts";
import { randomFor, ROUNDS, SEED } from "./settings.ts";
import { SpoolFeed } from "./spool_feed.ts";
import { inFolder } from "./trial_folder.ts";

const PARTITIONS = 3;
const UNDER_WAY_BYTES = 16 * 1024 * 1024;
const LONGEST_MS = 2000;
/** Each takes many seconds until the brokers agree again. */
const TROUBLES = ROUNDS > 3 ? ROUNDS : 1;
/** Longer than a session, a request or a line's patience may last in long runs. */
const CUT_MS = ROUNDS > 3 ? 30_000 : 3000;

/** Brokers in trouble, while one agent writes to them and another reads what it wrote. */
async function besiegeBrokers(
  about: {
    readonly brokers: string;
    readonly witnessed: string;
    readonly client: string;
    readonly name: string;
  },
  trouble: (random: Random) => Promise<void>,
): Promise<void> {
  const { brokers, client, name } = about;
  await inFolder(name, async (folder) => {
    await using witness = new Witness(about.witnessed);
    await witness.createTopic("trial", { partitions: PARTITIONS });
    await using crew = new Crew(folder);
    addAgents(crew, { brokers, topic: "trial", client });
    const random = randomFor(name);
    const [feed, output] = [spoolFeedOf(folder, random), crew.output("reader")];
    const feeding = new Feeding(feed, {
      maxUnderWayBytes: UNDER_WAY_BYTES,
      arrivedBytes: () => outputBytes(output),
    });
    for (const agent of ["writer", "reader"]) crew.start(agent);
    for (let round = 0; round < TROUBLES; round++) {
      await pause(random);
      await trouble(random);
    }
    await feeding.stop();
    const startMs = performance.now();
    const says = () => ["writer", "reader"].map((agent) => crew.lastWords(agent)).join("\n");
    const verdict = await untilArrived({ outputs: [output], written: feed.written, says });
    const calmMs = Math.round(performance.now() - startMs);
    console.log(JSON.stringify({ trial: name, client, seed: SEED, rounds: TROUBLES, ...verdict, calmMs }));
    for (const agent of ["writer", "reader"]) await crew.stop(agent);
    assertExact(verdict, true);
  });
}

/** One writes what lies in its folder to the topic, the other what is in the topic to files. */
function addAgents(crew: Crew, place: Place): void {
  crew.add("writer", `source: { ${SPOOL} }\nchannel: { ${FILE} }\nsink: { ${kafkaSink(place)} }\n`);
  const more = `${comesBack(place.client)}, kafka.consumer.isolation.level: read_committed`;
  const source = kafkaSource({ ...place, more });
  crew.add("reader", `source: { ${source} }\nchannel: { ${FILE} }\nsink: { ${ROLL} }\n`);
}

function spoolFeedOf(folder: string, random: Random): SpoolFeed {
  return new SpoolFeed(`${folder}/writer`, { bodies: new Bodies(), random });
}

function pause(random: Random): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random.below(LONGEST_MS)));
}

async function withBrokers(
  settings: Record<string, string>,
  run: (server: RunningServer) => Promise<void>,
): Promise<void> {
  const server = (await startServer("kafka", settings))!;
  try {
    await run(server);
  } finally {
    await server.stop();
  }
}

for (const client of CLIENTS) {
  for (const nodes of [1, 3]) {
    const who = nodes === 1 ? "the only broker" : "one of three brokers";
    const name = `${who} killed and started again under load (${client})`;
    serverTest(
      { needs: ["kafka"] },
      `${name}: every event arrives once (TRIAL_SEED=${SEED})`,
      () =>
        withBrokers({ KAFKA_NODES: `${nodes}` }, async (server) => {
          const brokers = server.env.KAFKA_BROKERS!;
          await besiegeBrokers({ brokers, witnessed: brokers, client, name }, async (random) => {
            const node = 1 + random.below(nodes);
            await server.control(`kill ${node}`);
            await pause(random);
            await server.control(`start ${node}`);
          });
        }),
    );
  }

  const name = `the line to the brokers cut for ${CUT_MS / 1000} s (${client})`;
  serverTest({ needs: ["kafka"] }, `${name}: every event arrives once (TRIAL_SEED=${SEED})`, async () => {
    const proxy = new Proxy();
    try {
      await withBrokers({ KAFKA_PROXIES: `127.0.0.1:${proxy.port}` }, async ({ env }) => {
        proxy.target = Number(env.KAFKA_PROXIED!.split(":")[1]);
        const brokers = `127.0.0.1:${proxy.port}`;
        await besiegeBrokers({ brokers, witnessed: env.KAFKA_BROKERS!, client, name }, async (random) => {
          // Connections that end at once, or ones that nobody answers and that end late.
          if (random.chance(0.5)) proxy.shut();
          else proxy.hold();
          await new Promise((resolve) => setTimeout(resolve, CUT_MS));
          if (random.chance(0.5)) proxy.cutAll();
          proxy.restore();
        });
      });
    } finally {
      await proxy.close();
    }
  });
}
