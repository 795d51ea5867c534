import assert from "node:assert/strict";
import { sharedServerTest } from "../servers/mod.ts";
import { OldBroker } from "../support/old_broker.ts";
import { until } from "../support/until.ts";
import { Crew } from "../trials/kafka/crew.ts";
import { CLIENTS } from "../trials/kafka/pipelines.ts";
import { readTopic } from "../trials/kafka/topic_copy.ts";
import { Witness } from "../trials/kafka/witness.ts";
import { readOutput } from "../trials/output.ts";
import { inFolder } from "../trials/trial_folder.ts";

const LIMIT_MS = 20_000;
const PASSWORD = "not-the-password";
/** No topic comes by being asked for, and none takes large batches. */
const kafkaTest = sharedServerTest("kafka", {
  KAFKA_SETTINGS: "auto.create.topics.enable=false;message.max.bytes=5000",
});
const LINES = ["first", "second", "third"];

/** A broker, and an agent that sends lines to a topic of it. */
interface Stage {
  readonly topic: string;
  readonly env: Record<string, string>;
  readonly witness: Witness;
  readonly crew: Crew;
  /** Starts the agent, or starts it again, with other brokers or settings. */
  start(brokers: string, more?: string): void;
  /** Waits for lines of the agent's log. */
  untilItSays(...patterns: RegExp[]): Promise<void>;
}

let stages = 0;

async function onStage(
  { env, client }: { readonly env: Record<string, string>; readonly client: string },
  lines: readonly string[],
  run: (stage: Stage) => Promise<void>,
): Promise<void> {
  const topic = `bad${stages++}`;
  await inFolder("kafka bad input", async (folder) => {
    await using witness = new Witness(env.KAFKA_BROKERS!);
    await using crew = new Crew(folder);
    await Deno.writeTextFile(`${folder}/lines`, lines.map((line) => `${line}\n`).join(""));
    await run({
      env,
      topic,
      witness,
      crew,
      start: (brokers, more = "") => {
        crew.add("writer", writerOf({ folder, brokers, topic, client, more }));
        crew.start("writer");
      },
      untilItSays: (...patterns) => untilItSays(crew, patterns),
    });
  });
}

function writerOf(
  { folder, brokers, topic, client, more }: Readonly<
    Record<"folder" | "brokers" | "topic" | "client" | "more", string>
  >,
): string {
  return `source: { type: taildir, paths: '${folder}/lines', pollInterval: 50 }
channel: { type: file, dataDirs: FOLDER/journal, minimumRequiredSpace: 1MiB }
sink: { type: kafka, client: ${client}, kafka.bootstrap.servers: "${brokers}", kafka.topic: ${topic} ${more} }
deadLetters: { type: file_roll, directory: FOLDER/dead, sink.serializer: json }
`;
}

async function untilItSays(crew: Crew, patterns: readonly RegExp[]): Promise<void> {
  const agent = crew.agent("writer");
  const isSaid = (pattern: RegExp) => agent.lines.some((line) => pattern.test(line));
  await until(`${patterns}`, () => patterns.every(isSaid) || agent.hasEnded, LIMIT_MS).catch((cause) => {
    throw new Error(`${cause.message}; ${crew.lastWords("writer")}`);
  });
  assert.equal(agent.hasEnded, false, crew.lastWords("writer"));
}

/** The topic gets the lines that it can take, all of them, once. */
async function assertDelivered({ topic, witness, crew }: Stage, lines: readonly string[]): Promise<void> {
  const held = () => readTopic(witness, { topic, partitions: 1 });
  const hasCome = async () => (await held()).size >= lines.length;
  await until("the lines to arrive", hasCome, LIMIT_MS).catch((cause) => {
    throw new Error(`${cause.message}; ${crew.lastWords("writer")}`);
  });
  await crew.stop("writer");
  assert.deepEqual([...await held()].sort(), lines.map((line) => [line, 1]).sort());
}

for (const client of CLIENTS) {
  kafkaTest(
    `kafka sink (${client}) names a topic that is not there, and sends all when it is`,
    ({ env }) =>
      onStage({ env, client }, LINES, async (stage) => {
        stage.start(stage.env.KAFKA_BROKERS!);
        await stage.untilItSays(new RegExp(`${stage.topic} .*create it`));
        await stage.witness.createTopic(stage.topic, { partitions: 1 });
        await assertDelivered(stage, LINES);
      }),
  );

  kafkaTest(
    `kafka sink (${client}) with a wrong password says so without the password, waits, and loses nothing`,
    ({ env }) =>
      onStage({ env, client }, LINES, async (stage) => {
        await stage.witness.createTopic(stage.topic, { partitions: 1 });
        const sasl = (password: string) =>
          `, kafka.producer: { security.protocol: SASL_SSL, sasl.mechanism: SCRAM-SHA-512, sasl.username: sluice, sasl.password: "${password}", ssl.truststore.location: "${stage
            .env.KAFKA_CA!}" }`;
        stage.start(stage.env.KAFKA_SASL_SSL!, sasl(PASSWORD));
        await stage.untilItSays(/authenticat.*(password|credential)/i);
        assert.ok(!stage.crew.agent("writer").says(PASSWORD), stage.crew.lastWords("writer"));
        await stage.crew.stop("writer");
        stage.start(stage.env.KAFKA_SASL_SSL!, sasl(stage.env.KAFKA_PASSWORD!));
        await assertDelivered(stage, LINES);
      }),
  );

  kafkaTest(
    `kafka sink (${client}) refuses a broker whose certificate has expired, says so, and loses nothing`,
    ({ env }) =>
      onStage({ env, client }, LINES, async (stage) => {
        await stage.witness.createTopic(stage.topic, { partitions: 1 });
        const tls = `, kafka.producer: { security.protocol: SSL, ssl.truststore.location: "${stage.env
          .KAFKA_CA!}" }`;
        stage.start(stage.env.KAFKA_EXPIRED!, tls);
        await stage.untilItSays(/expired/i);
        await stage.crew.stop("writer");
        stage.start(stage.env.KAFKA_SSL!, tls);
        await assertDelivered(stage, LINES);
      }),
  );

  kafkaTest(
    `kafka sink (${client}) sets aside an event that is larger than the brokers take, and sends the others`,
    ({ env }) => {
      const lines = [
        "first",
        "x".repeat(20_000),
        "second",
        "y".repeat(3_000),
        "z".repeat(2_000_000),
        "third",
      ];
      return onStage({ env, client }, lines, async (stage) => {
        await stage.witness.createTopic(stage.topic, { partitions: 1 });
        stage.start(stage.env.KAFKA_BROKERS!, ", transactional: true");
        const folder = `${stage.crew.folder}/writer/dead`;
        const dead = () => Array.from(readOutput(folder), ({ bytes }) => bytes.toString("utf8")).join("");
        await until("two dead letters", () => dead().split("\n").length > 2, LIMIT_MS).catch((cause) => {
          throw new Error(`${cause.message}; ${stage.crew.lastWords("writer")}`);
        });
        await assertDelivered(stage, lines.filter((line) => line.length < 5000));
        assert.match(dead(), /x{20000}/);
        assert.match(dead(), /z{100000}/);
        assert.match(dead(), /large|bytes/);
      });
    },
  );

  kafkaTest(
    `kafka source (${client}) reads an event with a header that is not UTF-8, and those behind it`,
    ({ env }) =>
      onStage({ env, client }, [], async ({ topic, witness, crew }) => {
        await witness.createTopic(topic, { partitions: 1 });
        await witness.sendWithHeaders(topic, "odd", {
          broken: new Uint8Array([0x61, 0xff, 0xfe, 0x62]),
          good: new TextEncoder().encode("Köln"),
        });
        await witness.send(topic, 0, ["plain"]);
        crew.add(
          "writer",
          `source: { type: kafka, client: ${client}, kafka.bootstrap.servers: "${env
            .KAFKA_BROKERS!}", kafka.topics: ${topic}, kafka.consumer.auto.offset.reset: earliest, header: { broken: broken, good: good } }
sink: { type: file_roll, directory: FOLDER/out, sink.serializer: json }
`,
        );
        crew.start("writer");
        const text = () =>
          Array.from(readOutput(crew.output("writer")), ({ bytes }) => bytes.toString("utf8")).join("");
        await until("both events", () => text().includes("plain"), LIMIT_MS).catch((cause) => {
          throw new Error(`${cause.message}; ${crew.lastWords("writer")}`);
        });
        await crew.stop("writer");
        assert.match(text(), /odd/);
        assert.match(text(), /Köln/);
        assert.match(text(), /a\uFFFD\uFFFDb/);
      }),
  );
}

kafkaTest(
  "kafka sink says which broker is too old, tries it seldom, and loses nothing",
  ({ env }) =>
    onStage({ env, client: "platformatic" }, LINES, async (stage) => {
      await stage.witness.createTopic(stage.topic, { partitions: 1 });
      await using old = new OldBroker();
      stage.start(old.address);
      await stage.untilItSays(new RegExp(`${old.address}.*(version|old)|(version|old).*${old.address}`, "i"));
      const before = old.connections;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      assert.ok(old.connections - before <= 20, `${old.connections - before} connections in a second`);
      await stage.crew.stop("writer");
      stage.start(stage.env.KAFKA_BROKERS!);
      await assertDelivered(stage, LINES);
    }),
);
