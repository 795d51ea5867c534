import assert from "node:assert/strict";
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from "kafkajs";
import { Cluster } from "../../../protocols/kafka/cluster.ts";
import { Producer } from "../../../protocols/kafka/produce/producer.ts";
import { sharedServerTest } from "../../servers/mod.ts";
import { until } from "../../support/until.ts";
import { Reading, Topics } from "./consume/_reading.ts";
import { numberedPart, PRODUCER, targetOf } from "./produce/_sending.ts";

/** Users may do what they were granted; whoever comes without a name may do all. */
const broker = sharedServerTest("kafka", {
  KAFKA_SETTINGS: "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer;" +
    "super.users=User:ANONYMOUS;auto.create.topics.enable=false",
});
const FORBIDDEN = /TOPIC_AUTHORIZATION_FAILED.*grant the user/;

/** Lets the test's user do something with a topic, or read as a group. */
async function grant(
  brokers: string,
  kind: "TOPIC" | "GROUP",
  rights: { readonly name: string; readonly operations: readonly ("READ" | "WRITE")[] },
): Promise<void> {
  const admin: Admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const acl = rights.operations.map((operation) => ({
    resourceType: AclResourceTypes[kind],
    resourceName: rights.name,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: "User:sluice",
    host: "*",
    operation: AclOperationTypes[operation],
    permissionType: AclPermissionTypes.ALLOW,
  }));
  await admin.createAcls({ acl });
  await admin.disconnect();
}

function userOf(env: Record<string, string>) {
  return { mechanism: "PLAIN", username: env.KAFKA_USER!, password: env.KAFKA_PASSWORD! } as const;
}

broker(
  "reader and writer without rights on a topic ask for these, and not for a topic that is there",
  async ({ env }) => {
    const brokers = env.KAFKA_BROKERS!;
    const topics = new Topics(brokers);
    await topics.create("shut");
    await topics.send("shut", ["old"]);
    await grant(brokers, "GROUP", { name: "readers", operations: ["READ"] });
    const reading = new Reading(
      env.KAFKA_SASL_PLAINTEXT!,
      { group: "readers", topics: ["shut"], offsetReset: "latest" },
      { target: { sasl: userOf(env) } },
    );
    await until(
      "the reader to say so",
      () => reading.troubles.some(({ message }) => FORBIDDEN.test(message)),
    );
    const cluster = new Cluster({ ...targetOf(env.KAFKA_SASL_PLAINTEXT!), sasl: userOf(env) });
    const producer = await Producer.open(
      cluster,
      { ...PRODUCER, idempotent: false },
      new AbortController().signal,
    );
    await assert.rejects(producer.partitionCount("shut"), FORBIDDEN);
    await grant(brokers, "TOPIC", { name: "shut", operations: ["READ", "WRITE"] });
    await until("the reader to be at the end", () => reading.lags.get("shut/0") === 0);
    assert.equal(await producer.partitionCount("shut"), 1);
    const sent = await producer.send([numberedPart({ topic: "shut", partition: 0 }, { texts: ["new"] })]);
    await sent.delivered;
    await until("the event", () => reading.texts.length > 0);
    assert.deepEqual(reading.texts, ["new"]);
    await reading.stop();
    await producer.close();
    cluster.close();
    await topics.close();
  },
);
