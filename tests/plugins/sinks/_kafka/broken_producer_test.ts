import assert from "node:assert/strict";
import { EventBatch, type Sink } from "sluice/plugin";
import { PlainSink, type SinkParts } from "../../../../plugins/sinks/_kafka/plain_sink.ts";
import { ProducerLink } from "../../../../plugins/sinks/_kafka/producer_link.ts";
import { Router } from "../../../../plugins/sinks/_kafka/router.ts";
import { TopicTemplate } from "../../../../plugins/sinks/_kafka/topic_template.ts";
import { TransactionalSink } from "../../../../plugins/sinks/_kafka/transactional_sink.ts";
import type { KafkaClient, KafkaProducer, ProducerOptions } from "../../../../protocols/kafka/client.ts";
import { testContext } from "../../../support/context.ts";

/** Gives producers that behave as each of these, in turn; no real one breaks when a test wants it to. */
function partsOf(producers: readonly Partial<KafkaProducer>[]) {
  const context = testContext();
  const left = [...producers];
  const log: string[] = [];
  const none = () => Promise.resolve();
  const open = () => {
    log.push("open");
    const producer: KafkaProducer = {
      partitionCount: () => Promise.resolve(1),
      send: () => Promise.resolve({ delivered: Promise.resolve() }),
      flush: none,
      begin: () => log.push("begin"),
      commit: (_, notes) => Promise.resolve(void log.push(`commit ${notes.length}`)),
      abort: () => Promise.resolve(void log.push("abort")),
      notes: () => Promise.resolve([]),
      close: () => Promise.resolve(void log.push("close")),
      ...left.shift(),
    };
    return Promise.resolve(
      { producer: () => Promise.resolve(producer), close: none } as unknown as KafkaClient,
    );
  };
  const router = new Router({
    template: new TopicTemplate("t"),
    topicHeader: undefined,
    partitionIdHeader: undefined,
    defaultPartitionId: undefined,
    timestampHeader: undefined,
    headers: [],
    renamed: new Map(),
    isFlumeFormat: false,
    batchBytes: 1000,
    maxRecordBytes: 1000,
  }, context.log);
  const link = new ProducerLink({ open, options: {} as ProducerOptions, context });
  const parts: SinkParts = { link, router, context, batchSize: undefined };
  return { parts, log, context };
}

const BROKEN = { send: () => Promise.reject(new Error("fenced")) };
const ONE = EventBatch.from([{ body: "one" }]).with({ position: { f: 1 } });

async function deliver(sink: Sink): Promise<void> {
  const answer = await sink.write(ONE, new AbortController().signal);
  if (answer) await answer.delivered;
}

function transactional(parts: SinkParts): TransactionalSink {
  return new TransactionalSink({ ...parts, maxEvents: 100, maxMs: 1000, group: "g", topic: "t" });
}

Deno.test("kafka sink writes with another producer when one sends no more", async () => {
  const { parts, log, context } = partsOf([BROKEN]);
  const sink = new PlainSink(parts);
  await assert.rejects(deliver(sink), /fenced/);
  await deliver(sink);
  await sink.close();
  assert.deepEqual(log, ["open", "close", "open", "close"]);
  assert.equal(context.counters.get("RollbackCount"), 1);
});

Deno.test("kafka sink with transactions writes with another producer when one sends no more", async () => {
  const { parts, log } = partsOf([BROKEN]);
  const sink = transactional(parts);
  await assert.rejects(deliver(sink), /fenced/);
  await deliver(sink);
  await sink.close();
  assert.deepEqual(log, ["open", "begin", "close", "open", "begin", "commit 1", "close"]);
});

Deno.test("kafka sink commits nothing of a transaction of which a part was not confirmed", async () => {
  const refused = Promise.reject(new Error("not enough replicas"));
  refused.catch(() => {});
  const { parts, log } = partsOf([{ send: () => Promise.resolve({ delivered: refused }) }]);
  const sink = transactional(parts);
  await assert.rejects(deliver(sink), /not enough replicas/);
  await sink.close();
  assert.deepEqual(log, ["open", "begin", "abort", "close"]);
});
