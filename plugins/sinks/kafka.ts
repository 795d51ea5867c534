import { ConfigError, type Context, defineSink, type Sink } from "sluice/plugin";
import { producerOptions } from "../_kafka/client_settings.ts";
import { clientNeeds } from "../_kafka/client_needs.ts";
import { openKafka } from "../_kafka/open_kafka.ts";
import { below } from "../_kafka/prefix.ts";
import { checkKafkaSink, isTransactional, kafkaSinkFields, type KafkaSinkSettings } from "./_kafka/fields.ts";
import { PlainSink, type SinkParts } from "./_kafka/plain_sink.ts";
import { ProducerLink } from "./_kafka/producer_link.ts";
import { Router } from "./_kafka/router.ts";
import { TopicTemplate } from "./_kafka/topic_template.ts";
import { ownTransactionalId } from "./_kafka/transactional_id.ts";
import { TransactionalSink } from "./_kafka/transactional_sink.ts";

const ABOUT =
  `Bodies are the values of records, unless \`useFlumeEventFormat\` is on; the header \`key\` is their key. Where neither a \
header nor \`defaultPartitionId\` names a partition, equal keys go to the same one, as Java's client has it, and events without a key \
go round, batch by batch. What the brokers cannot take for a while is sent again under the same numbers until they have it, in order; \
meanwhile the sink's state tells the reason. So it is for a topic that does not exist and may not be made.

**Delivery is exactly once** with \`transactional: true\` (or a \`kafka.producer.transactional.id\`) where this is the only sink of its channel, \
behind a \`file\` channel or a source that can replay (\`taildir\`, \`spooldir\`, \`kafka\`) and has no other channel, also when the program is killed, for readers \
that ask for \`isolation.level: read_committed\`. Batches are gathered into transactions; the position behind the last of them is committed with them, as \
offsets of the consumer group \`sluice.<transactional id>\`, and a start goes on there. Whoever may not use \
all groups needs READ on that one, and WRITE on the transactional id. Without an id in the file the sink makes one and keeps it in the pipeline's state folder, below \
\`kafka/<sink>\`; two agents must never share one. Brokers forget the offsets of a group that nobody has used for a week (\`offsets.retention.minutes\`): a sink \
that stands still for longer after a kill may repeat its last transaction.

A position has 4,000 bytes in each partition of that topic. That is enough for some hundred files of \`taildir\` without a channel; for more of them put a \`file\` channel in front of the sink, or name a topic with more partitions in \`positionTopic\`.

Without transactions delivery is at least once: repeats come from a kill, and from a batch that was given up (\`delivery.timeout.ms\`) or of which \
the brokers refused a part. With \`acks\` 0 or 1 events can be lost with a broker.

Events that the brokers will never take are poison: a record larger than \`max.request.size\` or the topic's \`max.message.bytes\`, a topic that cannot be \
one, a partition that the topic does not have. In Flume one such event makes its batch fail for ever.

What is different from Flume: \`acks\` is \`all\` and sends are idempotent unless the file says otherwise, and a record batch may have \
256 KiB; batches are as large as what is at hand; several are under way at once. Of the \
properties of the Java client each stands below, with what it does here; one that does not exist is reported. Times of \`kafka.topic\` (\`%Y\`) are not filled in.`;

export default defineSink({
  name: "kafka",
  aliases: ["org.apache.flume.sink.kafka.KafkaSink"],
  summary: "Sends events to topics of Kafka, exactly once where transactions are on.",
  about: ABOUT,
  config: kafkaSinkFields,
  keepsState: true,
  check: checkKafkaSink,
  needs: clientNeeds,
  examples: [{
    title: "Follow log files into a topic",
    yaml: `source: { type: taildir, paths: '/var/log/app/.*\\.log' }
channel: { type: file }
sink:
  type: kafka
  kafka.bootstrap.servers: kafka1.example.org:9092, kafka2.example.org:9092
  kafka.topic: logs
  transactional: true
  kafka.producer.compression.type: zstd`,
  }, {
    title: "A topic for each host, with a user and a password",
    yaml: `source: { type: syslogtcp, host: 0.0.0.0, port: 5140 }
channel: { type: file }
sink:
  type: kafka
  kafka.bootstrap.servers: kafka1.example.org:9093
  kafka.topic: syslog-%{host}
  headers: host, timestamp
  kafka.producer:
    security.protocol: SASL_SSL
    sasl.mechanism: SCRAM-SHA-512
    sasl.username: sluice
    sasl.password: "\${KAFKA_PASSWORD:-secret}"
    ssl.truststore.location: /etc/sluice/kafka-ca.pem`,
  }],
  async create(settings, context): Promise<Sink> {
    const [complaint] = checkKafkaSink(settings);
    if (complaint) throw new ConfigError(`${complaint.key}: ${complaint.text}`);
    if (!isTransactional(settings)) return new PlainSink(partsOf(settings, context, undefined));
    const id = settings["kafka.producer.transactional.id"] ??
      await ownTransactionalId(context.stateDir, context.name);
    return new TransactionalSink({
      ...partsOf(settings, context, id),
      maxEvents: settings.transactionEvents,
      maxMs: settings.transactionMillis,
      group: `sluice.${id}`,
      topic: settings.positionTopic ?? settings["kafka.topic"],
    });
  },
});

function partsOf(
  settings: KafkaSinkSettings,
  context: Context,
  transactionalId: string | undefined,
): SinkParts {
  const side = below(settings, "kafka.producer.");
  const options = { ...producerOptions(side), transactionalId };
  const { batchBytes, maxRecordBytes } = options;
  const router = new Router({
    template: new TopicTemplate(settings["kafka.topic"]),
    topicHeader: settings.allowTopicOverride ? settings.topicHeader : undefined,
    partitionIdHeader: settings.partitionIdHeader,
    defaultPartitionId: settings.defaultPartitionId,
    timestampHeader: settings.timestampHeader,
    headers: settings.headers,
    renamed: new Map(Object.entries(settings.header)),
    isFlumeFormat: settings.useFlumeEventFormat,
    batchBytes,
    maxRecordBytes,
  }, context.log);
  const open = () => openKafka(settings, side, context);
  const link = new ProducerLink({ open, options, context });
  return { link, router, context, batchSize: settings.flumeBatchSize };
}
