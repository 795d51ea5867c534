import assert from "node:assert/strict";
import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { Proxy } from "../topologies/proxy.ts";
import { until } from "../support/until.ts";
import { type RunningServer, sharedServerTest } from "./mod.ts";

type Env = RunningServer["env"];
type Way = Partial<KafkaConfig>;

const proxy = new Proxy();
Deno.test.afterAll(() => proxy.close());
const broker = sharedServerTest("kafka", {
  KAFKA_PROXIES: `127.0.0.1:${proxy.port}`,
  KAFKA_SETTINGS: "message.max.bytes=2000;auto.create.topics.enable=false",
});
/** Kafka's code for a record that is larger than the broker takes. */
const TOO_LARGE = /larger than the max/;

function connect(brokers: string, way: Way = {}): Kafka {
  const limits = { connectionTimeout: 3000, requestTimeout: 5000, retry: { retries: 0 } };
  return new Kafka({ brokers: brokers.split(","), logLevel: logLevel.NOTHING, ...limits, ...way });
}

/** Where clients are told that the brokers are. */
async function toldAddresses(brokers: string, way?: Way): Promise<string> {
  const admin = connect(brokers, way).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    return brokers.map(({ host, port }) => `${host}:${port}`).sort().join(",");
  } finally {
    await admin.disconnect();
  }
}

function tls(env: Env, hasCertificate = false): NonNullable<Way["ssl"]> {
  const ca = Deno.readTextFileSync(env.KAFKA_CA!);
  if (!hasCertificate) return { ca };
  return { ca, cert: Deno.readTextFileSync(env.KAFKA_CERT!), key: Deno.readTextFileSync(env.KAFKA_KEY!) };
}

function sasl(env: Env, mechanism: "plain" | "scram-sha-256" | "scram-sha-512"): NonNullable<Way["sasl"]> {
  const user = { username: env.KAFKA_USER!, password: env.KAFKA_PASSWORD! };
  return { mechanism, ...user } as NonNullable<Way["sasl"]>;
}

broker("kafka lets clients in at each of its listeners in the listener's way", async ({ env }) => {
  const open = async (listener: string, way: Way = {}) =>
    assert.equal(await toldAddresses(env[listener]!, way), env[listener]);
  await open("KAFKA_BROKERS");
  await open("KAFKA_SSL", { ssl: tls(env) });
  await open("KAFKA_MTLS", { ssl: tls(env, true) });
  for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"] as const) {
    await open("KAFKA_SASL_PLAINTEXT", { sasl: sasl(env, mechanism) });
    await open("KAFKA_SASL_SSL", { ssl: tls(env), sasl: sasl(env, mechanism) });
  }
});

broker("kafka refuses clients that do not prove who they are, or see an old certificate", async ({ env }) => {
  const shut = (listener: string, way: Way, reason: RegExp) =>
    assert.rejects(toldAddresses(env[listener]!, way), reason);
  await shut("KAFKA_EXPIRED", { ssl: tls(env) }, /expired|certificate/i);
  await shut("KAFKA_MTLS", { ssl: tls(env) }, /certificate/i);
  const wrong = { ...sasl(env, "scram-sha-512"), password: "guessed" } as NonNullable<Way["sasl"]>;
  await shut("KAFKA_SASL_PLAINTEXT", { sasl: wrong }, /invalid credentials|authentication/i);
});

broker(
  "kafka tells clients of a proxied listener to come by way of the proxy, which can hold them",
  async ({ env }) => {
    const { port } = proxy;
    proxy.target = Number(env.KAFKA_PROXIED!.split(":")[1]);
    assert.equal(await toldAddresses(env.KAFKA_PROXIED!), `127.0.0.1:${port}`);
    proxy.hold();
    const late = toldAddresses(`127.0.0.1:${port}`);
    const pause = new Promise((resolve) => setTimeout(() => resolve("held"), 300));
    assert.equal(await Promise.race([late, pause]), "held");
    proxy.restore();
    assert.equal(await late, `127.0.0.1:${port}`);
    proxy.shut();
    await assert.rejects(toldAddresses(`127.0.0.1:${port}`));
    proxy.restore();
  },
);

broker("kafka takes the settings of a test, and keeps its log when it is killed", async (server) => {
  const { env } = server;
  const kafka = connect(env.KAFKA_BROKERS!, { retry: { retries: 20 } });
  const admin = kafka.admin();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic: "t", numPartitions: 1 }] });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const send = (value: string) => producer.send({ topic: "t", messages: [{ value }] });
  await assert.rejects(send("x".repeat(3000)), TOO_LARGE);
  await send("kept");
  await producer.disconnect();
  await server.control("kill 1");
  assert.equal(server.env.KAFKA_PIDS, "0");
  await assert.rejects(toldAddresses(env.KAFKA_BROKERS!));
  await server.control("start 1");
  assert.notEqual(server.env.KAFKA_PIDS, env.KAFKA_PIDS);
  await until("the log to be there", async () => (await admin.fetchTopicOffsets("t"))[0]?.high === "1");
  await admin.disconnect();
});
