import assert from "node:assert/strict";
import { sharedServerTest } from "../servers/mod.ts";
import { Bodies } from "./bodies.ts";
import { Feeding } from "./feed.ts";
import { untilArrived } from "./kafka/arrival.ts";
import { Crew } from "./kafka/crew.ts";
import { BRIEF, CLIENTS, kafkaChannel, ROLL, SPOOL } from "./kafka/pipelines.ts";
import { Witness } from "./kafka/witness.ts";
import { lastOutput, outputBytes } from "./output.ts";
import { randomFor, ROUNDS, SEED } from "./settings.ts";
import { besiege } from "./siege.ts";
import { SpoolFeed } from "./spool_feed.ts";
import { inFolder } from "./trial_folder.ts";

const kafkaTest = sharedServerTest("kafka");
const PARTITIONS = 3;
const UNDER_WAY_BYTES = 16 * 1024 * 1024;
const AGENTS = ["putting", "taking"];

for (const client of CLIENTS) {
  const name = `kafka channel (${client}) between two agents`;
  const topic = `channel-${client}`;
  kafkaTest(
    `${name} loses nothing, whenever they are killed (TRIAL_SEED=${SEED})`,
    ({ env }) =>
      inFolder(name, async (folder) => {
        await using witness = new Witness(env.KAFKA_BROKERS!);
        await witness.createTopic(topic, { partitions: PARTITIONS });
        await using crew = new Crew(folder);
        const place = { brokers: env.KAFKA_BROKERS!, topic, client };
        crew.add("putting", `source: { ${SPOOL} }\nchannel: { ${kafkaChannel(place)} }\n`);
        crew.add("taking", `channel: { ${kafkaChannel({ ...place, more: BRIEF })} }\nsink: { ${ROLL} }\n`);
        const feed = new SpoolFeed(`${folder}/putting`, { bodies: new Bodies(), random: randomFor(name) });
        const output = crew.output("taking");
        const arrivedBytes = () => outputBytes(output);
        const feeding = new Feeding(feed, { maxUnderWayBytes: UNDER_WAY_BYTES, arrivedBytes });
        const sieges = await Promise.all(AGENTS.map((agent) =>
          besiege(crew.options(agent), {
            random: randomFor(agent),
            rounds: ROUNDS,
            progress: () => lastOutput(output),
          })
        ));
        await feeding.stop();
        for (const agent of AGENTS) crew.start(agent);
        const says = () => AGENTS.map((agent) => crew.lastWords(agent)).join("\n");
        const { faults, ...verdict } = await untilArrived({ outputs: [output], written: feed.written, says });
        for (const agent of AGENTS) await crew.stop(agent);
        const kills = sieges.map(({ kills }) => kills);
        console.log(JSON.stringify({ trial: name, seed: SEED, kills, ...verdict }));
        assert.deepEqual([verdict.lost, verdict.wrong], [0, 0], faults.join("\n"));
        assert.deepEqual(sieges.flatMap(({ faults }) => faults), []);
      }),
  );
}
