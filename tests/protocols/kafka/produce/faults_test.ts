import assert from "node:assert/strict";
import { RecordsRefusedError } from "../../../../protocols/kafka/client.ts";
import { Cluster } from "../../../../protocols/kafka/cluster.ts";
import { KafkaError } from "../../../../protocols/kafka/kafka_error.ts";
import { Producer } from "../../../../protocols/kafka/produce/producer.ts";
import { sharedServerTest } from "../../../servers/mod.ts";
import { Proxy } from "../../../topologies/proxy.ts";
import { numbered, Topics } from "../consume/_reading.ts";
import { readAll } from "./_read_all.ts";
import { numberedPart, PRODUCER, targetOf } from "./_sending.ts";

const proxy = new Proxy();
Deno.test.afterAll(() => proxy.close());
const broker = sharedServerTest("kafka", { KAFKA_PROXIES: `127.0.0.1:${proxy.port}` });
const NEVER = new AbortController().signal;
const SEED = Number(Deno.env.get("TRIAL_SEED") ?? Math.floor(Math.random() * 2 ** 32));
const COUNT = 60_000;
const PER_SEND = 200;

/** Small differences between calls; good enough to spread faults. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

interface Load {
  readonly producer: Producer;
  readonly topic: string;
  /** Called before each send, with how many records were sent before. */
  before(sent: number): Promise<void> | void;
}

/** Sends numbers in turn to three partitions. */
async function sendNumbers({ producer, topic, before }: Load): Promise<void> {
  const owed: Promise<void>[] = [];
  for (let sent = 0, turn = 0; sent < COUNT; sent += PER_SEND, turn++) {
    await before(sent);
    const part = numberedPart({ topic, partition: turn % 3 }, { from: sent, size: PER_SEND });
    owed.push((await producer.send([part])).delivered);
  }
  await producer.flush();
  await Promise.all(owed);
}

function assertOnceInOrder(partitions: ReadonlyMap<number, readonly string[]>): void {
  const all = new Set<number>();
  for (const texts of partitions.values()) {
    const numbers = texts.map(Number);
    numbers.forEach((number, at) => {
      assert.ok(
        at === 0 || number > numbers[at - 1]!,
        `${number} comes behind ${numbers[at - 1]} (seed ${SEED})`,
      );
      all.add(number);
    });
  }
  assert.equal(all.size, COUNT, `seed ${SEED}`);
}

broker(
  "producer loses, repeats and disorders nothing when connections break at any byte",
  async ({ env }) => {
    proxy.target = Number(env.KAFKA_PROXIED!.split(":").at(-1));
    const topic = `cut-${SEED}`;
    const topics = new Topics(env.KAFKA_BROKERS!);
    await topics.create(topic, 3);
    const random = seeded(SEED);
    const cluster = new Cluster(targetOf(`127.0.0.1:${proxy.port}`));
    const producer = await Producer.open(cluster, PRODUCER, NEVER);
    await sendNumbers({
      producer,
      topic,
      before: async () => {
        // Else all of it would be over before the first fault.
        await new Promise((resolve) => setTimeout(resolve, 1));
        const fault = random();
        if (fault < 0.03) proxy.cutRequestAfter(Math.floor(random() * 50_000));
        else if (fault < 0.06) proxy.loseNextAnswer();
        else if (fault < 0.07) proxy.cutAll();
      },
    });
    assert.ok(proxy.cuts > 5, `${proxy.cuts} cuts`);
    assertOnceInOrder(await readAll(env.KAFKA_BROKERS!, topic, COUNT));
    await producer.close();
    cluster.close();
    await topics.close();
  },
);

broker(
  "producer loses, repeats and disorders nothing when its broker is killed and comes back",
  async (server) => {
    const topic = `killed-${SEED}`;
    const topics = new Topics(server.env.KAFKA_BROKERS!);
    await topics.create(topic, 3);
    const troubles: (Error | undefined)[] = [];
    const onTrouble = (cause: Error | undefined) => void troubles.push(cause);
    const cluster = new Cluster({ ...targetOf(server.env.KAFKA_BROKERS!), onTrouble });
    const producer = await Producer.open(cluster, PRODUCER, NEVER);
    let isBack: Promise<void> | undefined;
    const before = async (sent: number) => {
      if (sent !== COUNT / 2) return;
      await server.control("kill 1");
      isBack = server.control("start 1");
    };
    await sendNumbers({ producer, topic, before });
    await isBack;
    assertOnceInOrder(await readAll(server.env.KAFKA_BROKERS!, topic, COUNT));
    assert.match(troubles[0]!.message, /Cannot connect|closed the connection/);
    assert.equal(troubles.at(-1), undefined);
    await producer.close();
    cluster.close();
    await topics.close().catch(() => {});
  },
);

broker(
  "producer finds the records that a topic is too narrow for, and sends all others in order",
  async ({ env }) => {
    const topic = `narrow-${SEED}`;
    const topics = new Topics(env.KAFKA_BROKERS!);
    await topics.create(topic, 1, { "max.message.bytes": "20000" });
    const cluster = new Cluster(targetOf(env.KAFKA_BROKERS!));
    const producer = await Producer.open(cluster, { ...PRODUCER, maxRecordBytes: 50_000 }, NEVER);
    const texts = numbered("event", 300);
    for (const wide of [17, 18, 250]) texts[wide] = `${"x".repeat(30_000)}${wide}`;
    texts[299] = "y".repeat(60_000);
    const part = { ...numberedPart({ topic, partition: 0 }, { texts }), timestamps: 5 };
    const { delivered } = await producer.send([part]);
    const later = await producer.send([numberedPart({ topic, partition: 0 }, { texts: ["later"] })]);
    await assert.rejects(delivered, (error) => {
      assert.ok(error instanceof RecordsRefusedError);
      assert.deepEqual(error.parts.flatMap(({ indexes }) => indexes), [17, 18, 250, 299]);
      assert.equal(error.parts[0]!.part, part);
      assert.match(error.message, /never take 4 of the records: .*(MESSAGE_TOO_LARGE|max.request.size)/);
      return true;
    });
    await later.delivered;
    const kept = texts.filter(({ length }) => length < 1000);
    assert.deepEqual((await readAll(env.KAFKA_BROKERS!, topic, kept.length + 1)).get(0), [...kept, "later"]);
    await producer.close();
    cluster.close();
    await topics.close();
  },
);

broker("producer says what is wrong while a topic is not there, and goes on when it is", async ({ env }) => {
  const topics = new Topics(env.KAFKA_BROKERS!);
  const topic = `gone-${SEED}`;
  await topics.create(topic, 1);
  const troubles: (Error | undefined)[] = [];
  const onTrouble = (cause: Error | undefined) => void troubles.push(cause);
  const cluster = new Cluster({ ...targetOf(env.KAFKA_BROKERS!), onTrouble });
  const producer = await Producer.open(cluster, PRODUCER, NEVER);
  await (await producer.send([numberedPart({ topic, partition: 0 }, { texts: ["old"] })])).delivered;
  await topics.delete(topic);
  const { delivered } = await producer.send([numberedPart({ topic, partition: 0 }, { texts: ["new"] })]);
  await delivered;
  assert.deepEqual((await readAll(env.KAFKA_BROKERS!, topic, 1)).get(0), ["new"]);
  await producer.close();
  cluster.close();
  await topics.close();
});

broker(
  "producer gives up what its broker does not confirm in time, and goes on afterwards",
  async ({ env }) => {
    proxy.target = Number(env.KAFKA_PROXIED!.split(":").at(-1));
    const topic = `late-${SEED}`;
    const topics = new Topics(env.KAFKA_BROKERS!);
    await topics.create(topic, 1);
    const cluster = new Cluster({ ...targetOf(`127.0.0.1:${proxy.port}`), requestTimeoutMs: 300 });
    const producer = await Producer.open(cluster, { ...PRODUCER, deliveryTimeoutMs: 500 }, NEVER);
    await (await producer.send([numberedPart({ topic, partition: 0 }, { texts: ["first"] })])).delivered;
    proxy.hold();
    const { delivered } = await producer.send([numberedPart({ topic, partition: 0 }, { texts: ["lost"] })]);
    await assert.rejects(delivered, (error) => error instanceof KafkaError && error.code === "TIMEOUT");
    proxy.restore();
    await (await producer.send([numberedPart({ topic, partition: 0 }, { texts: ["last"] })])).delivered;
    const [texts] = (await readAll(env.KAFKA_BROKERS!, topic, 2)).values();
    assert.equal(texts!.at(-1), "last");
    await producer.close();
    cluster.close();
    await topics.close();
  },
);

broker("producer gives up in time what it cannot even send, and goes on afterwards", async ({ env }) => {
  proxy.target = Number(env.KAFKA_PROXIED!.split(":").at(-1));
  const topic = `unsent-${SEED}`;
  const topics = new Topics(env.KAFKA_BROKERS!);
  await topics.create(topic, 1);
  const cluster = new Cluster(targetOf(`127.0.0.1:${proxy.port}`));
  const producer = await Producer.open(cluster, { ...PRODUCER, deliveryTimeoutMs: 3000 }, NEVER);
  const deliver = async (text: string) =>
    await (await producer.send([numberedPart({ topic, partition: 0 }, { texts: [text] })])).delivered;
  await deliver("first");
  proxy.shut();
  const lost = [deliver("lost"), deliver("lost, too")];
  await Promise.all(lost.map((one) => assert.rejects(one, /delivery\.timeout\.ms/)));
  proxy.restore();
  await deliver("last");
  assert.deepEqual((await readAll(env.KAFKA_BROKERS!, topic, 2)).get(0), ["first", "last"]);
  await producer.close();
  cluster.close();
  await topics.close();
});

broker("producer ends a transaction over a partition that is gone for good", async ({ env }) => {
  const topic = `fewer-${SEED}`;
  const topics = new Topics(env.KAFKA_BROKERS!);
  await topics.create(topic, 2);
  const cluster = new Cluster(targetOf(env.KAFKA_BROKERS!));
  const producer = await Producer.open(cluster, { ...PRODUCER, transactionalId: topic }, NEVER);
  const commit = async () => {
    producer.begin();
    const { delivered } = await producer.send([numberedPart({ topic, partition: 1 }, { texts: ["one"] })]);
    delivered.catch(() => {});
    await producer.commit("group", []);
  };
  await commit();
  await topics.delete(topic);
  await topics.create(topic, 1);
  await assert.rejects(commit(), /There is no fewer-\d+\/1 any more/);
  await producer.close();
  cluster.close();
  await topics.close();
});

broker("producer that is closed gives up at once what no broker takes", async ({ env }) => {
  const cluster = new Cluster(targetOf(env.KAFKA_BROKERS!));
  const producer = await Producer.open(cluster, { ...PRODUCER, lingerMs: 60_000 }, NEVER);
  const { delivered } = await producer.send([
    numberedPart({ topic: `closed-${SEED}`, partition: 0 }, { texts: ["never"] }),
  ]);
  await producer.close();
  await assert.rejects(delivered, /closed/);
  await assert.rejects(producer.flush(), /closed/);
  cluster.close();
});
