import assert from "node:assert/strict";
import { type FieldMeta, metaOf } from "sluice/plugin";
import { takesChildren } from "../../../compiler/field_shape.ts";
import { masked } from "../../../compiler/masking.ts";
import { denoSurroundings } from "../../../commands/_surroundings.ts";
import { compile } from "../../../compiler/compile.ts";
import { renderDiagnostics } from "../../../compiler/diagnostics.ts";
import { consumerFields } from "../../../plugins/_kafka/consumer_fields.ts";
import { producerFields } from "../../../plugins/_kafka/producer_fields.ts";

const FIELDS = new Map(Object.entries({ ...producerFields, ...consumerFields }));
/** All properties of Java's ProducerConfig and ConsumerConfig in kafka-clients 3.9.2 and 4.4.0. */
const PROPERTIES = (await Deno.readTextFile(
  new URL("../../data/kafka/client_properties.txt", import.meta.url),
)).trim().split("\n");

function fieldOf(property: string): FieldMeta | undefined {
  for (let end = property.length; end > 0; end = property.lastIndexOf(".", end - 1)) {
    const field = FIELDS.get(property.slice(0, end));
    if (field && (end === property.length || takesChildren(field))) return metaOf(field);
  }
}

async function complaints(settings: string): Promise<string> {
  const text = `a.sources = s\na.channels = c\na.sinks = k\na.sources.s.type = seq\na.sources.s.channels = c
a.channels.c.type = memory\na.sinks.k.type = org.apache.flume.sink.kafka.KafkaSink\na.sinks.k.channel = c
a.sinks.k.kafka.bootstrap.servers = b1:9092\n${settings}`;
  const { diagnostics } = await compile(text, "/conf/a.conf", denoSurroundings(undefined, "/state"));
  return renderDiagnostics(diagnostics);
}

Deno.test("kafka plugins know every property of the Java clients", () => {
  assert.ok(PROPERTIES.length > 200);
  assert.deepEqual(PROPERTIES.filter((property) => !fieldOf(property)), []);
});

Deno.test("kafka client properties that exist nowhere are reported with the nearest name", async () => {
  const said = await complaints("a.sinks.k.kafka.producer.lingerms = 5");
  assert.match(said, /a\.conf:10:\S* warning unknown-field: .*"kafka\.producer\.lingerms"/);
  assert.match(said, /did you mean "kafka\.producer\.linger\.ms"/);
});

Deno.test("kafka client properties without effect are noted with the reason", async () => {
  const said = await complaints("a.sinks.k.kafka.producer.metrics.num.samples = 2");
  assert.match(said, /a\.conf:10:\S* note ignored-field: .*"kafka\.producer\.metrics" has no effect/);
});

Deno.test("kafka client properties that cannot work together are errors where they stand", async () => {
  const cases: [string, RegExp][] = [
    ["kafka.producer.security.protocol = SASL_SSL", /GSSAPI/],
    ["kafka.producer.acks = 1\na.sinks.k.kafka.producer.enable.idempotence = true", /needs acks: all/],
    ["kafka.producer.acks = 2", /one of all, -1, 0, 1/],
    ["kafka.producer.ssl.endpoint.identification.algorithm = ldaps", /by https/],
    ["kafka.topic = logs-%Y", /escape other than %\{header\}/],
    ["transactional = true\na.sinks.k.kafka.topic = x-%{host}", /positionTopic/],
    ["transactional = true\na.sinks.k.kafka.producer.acks = 1", /needs acks: all/],
    [
      "kafka.bootstrap.servers2 = b:1\na.sinks.k.transactional = true\na.sinks.k.transactionMillis = 2m",
      /abort/,
    ],
  ];
  for (const [setting, expected] of cases) {
    const said = await complaints(`a.sinks.k.${setting}`);
    assert.match(said, / error /, setting);
    assert.match(said, expected, setting);
  }
  assert.match(await complaints("a.sinks.k.brokerList = b"), /duplicate-name|more than once/);
});

Deno.test("kafka client properties that may hold a secret are never shown, not even those without effect", () => {
  const holders = ["sasl.oauthbearer", "sasl.login", "sasl.client", "config"];
  for (const side of [producerFields, consumerFields]) {
    const fields = new Map(Object.entries(side));
    const prefix = side === producerFields ? "kafka.producer." : "kafka.consumer.";
    for (const holder of holders) {
      const shown = masked(fields.get(prefix + holder)!, { "some.secret": "s3cr3t" });
      assert.deepEqual(shown, { "some.secret": "***" }, holder);
    }
  }
});
