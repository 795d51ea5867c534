import assert from "node:assert/strict";
import { sharedServerTest } from "../servers/mod.ts";
import { readTopic } from "../support/kafka_topic.ts";
import { Witness } from "../trials/kafka/witness.ts";
import { inFolder } from "../trials/trial_folder.ts";
import { Program } from "./_program.ts";

const kafkaTest = sharedServerTest("kafka");
const LINES = 500;

for (const client of ["platformatic", "kafkajs"]) {
  kafkaTest(`the rights that are worked out for a Kafka sink are enough, with ${client}`, async ({ env }) => {
    const topic = `sandbox-${client}`;
    await using witness = new Witness(env.KAFKA_BROKERS!);
    await witness.createTopic(topic, { partitions: 1 });
    await inFolder(topic, async (folder) => {
      await Deno.mkdir(`${folder}/in`);
      const lines = Array.from({ length: LINES }, (_, index) => `line ${index}`);
      await Deno.writeTextFile(`${folder}/in/a.log`, lines.map((line) => `${line}\n`).join(""));
      const file = `${folder}/p.yaml`;
      await Deno.writeTextFile(
        file,
        `source: { type: spooldir, spoolDir: ${folder}/in }
sink: { type: kafka, client: ${client}, kafka.bootstrap.servers: "${env.KAFKA_BROKERS}", kafka.topic: ${topic}, kafka.producer.compression.type: zstd }
`,
      );
      const program = new Program(["run", "--sandbox", file, "--state-dir", `${folder}/state`], {});
      try {
        const records = await readTopic(env.KAFKA_BROKERS!, topic, LINES);
        assert.deepEqual(records.map(({ value }) => value).sort(), lines.toSorted());
      } finally {
        program.child.kill("SIGTERM");
        await program.end();
      }
    });
  });
}
