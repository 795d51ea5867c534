import type { Property } from "./inventory.ts";

/** Keys that belong to the wiring of a pipeline, not to one component: group and key. */
export const WIRING: ReadonlySet<string> = new Set([
  "source_common type",
  "source_common channels",
  "source_common selector.type",
  "source_common selector.*",
  "source_common interceptors",
  "source_common interceptors.<name>.type",
  "source_common interceptors.<name>.*",
  "sink_common type",
  "sink_common channel",
  "channel_common type",
]);

/** Properties without a field of their own that have no effect in Flume either, and why. */
export const IDLE: Readonly<Record<string, string>> = {
  "source_common config": "it names a class that checks the settings in Flume",
};

/** One name for the properties of another component: what stands in front of them, and which are left out. */
export const FAMILIES: Readonly<Record<string, { of: string; prefix: string; without: readonly string[] }>> =
  {
    "channel.spillable_memory <file channel property>": {
      of: "channel.file",
      prefix: "",
      without: ["keep-alive", "capacity"],
    },
    "channel.jdbc org.apache.flume.channel.jdbc.*": {
      of: "channel.jdbc",
      prefix: "org.apache.flume.channel.jdbc.",
      without: ["org.apache.flume.channel.jdbc.*"],
    },
    "interceptor.regex_extractor serializers.<s>.*": {
      of: "regex_extractor_serializer.millis",
      prefix: "serializers.x.",
      without: [],
    },
    "sink.file_roll sink.pathManager.*": {
      of: "path_manager.default",
      prefix: "sink.pathManager.",
      without: [],
    },
  };

/** Flume's words for a default that is no value, and what stands in the field here. */
export const EQUAL_WORDS: Readonly<Record<string, string>> = {
  "all interfaces": "0.0.0.0",
  "all supported": "",
  "empty": "",
  "local zone": "",
  "global keystore": "",
  "global keystore password": "",
  "global trust store password": "",
  "global trust store, else jre default": "",
  "\\n": "\n",
  "unlimited": "",
};

/** Fields whose default looks different and means the same, and why. */
export const EQUAL_FIELDS: Readonly<Record<string, string>> = {
  "channel.file fsyncPerTransaction": "`sync: always` is the default",
  "channel.spillable_memory fsyncPerTransaction": "`sync: always` is the default",
  "sink.kafka brokerList": "another name of `kafka.bootstrap.servers`",
  "channel.kafka brokerList": "another name of `kafka.bootstrap.servers`",
  "regex_extractor_serializer.millis pattern": "asked for where type is `millis`",
};

/** Fields that take less than Flume's property does, with the same default. */
export const NARROWER: Readonly<Record<string, string>> = {
  "event_serializer.avro_event compressionCodec": "bzip2 and xz are not offered",
  "event_serializer.avro_record compressionCodec": "bzip2 and xz are not offered",
  "event_serializer.avro_record schemaURL": "http, https and file; not hdfs",
  "event_deserializer.LINE outputCharset":
    "only those that JavaScript can write: UTF-8, UTF-16, ISO-8859-1, US-ASCII",
  "source.thrift kerberos": "`true` is refused: Kerberos is not spoken here",
  "sink.thrift kerberos": "`true` is refused: Kerberos is not spoken here",
  "interceptor.search_replace charset": "only UTF-8, ISO-8859-1 and US-ASCII",
  "sink.file_roll sink.pathManager": "a class of one's own cannot be run",
  "sink_processor.load_balance selector": "a class of one's own cannot be run",
  "interceptor.regex_extractor serializers.<s>.type": "a class of one's own cannot be run",
};

const SMALL_BATCHES = "without it as many events as are at hand; small batches only cost speed";
const OWN_FOLDER =
  "the `journal` folder in the pipeline's state folder; a journal is not Flume's format, so it never uses Flume's folders";
const NO_HEAP = "512MiB: there is no heap of a fixed size to take a share of";

const ALL_REPLICAS = "all: with the leader alone, events that were delivered are lost with it";
const EACH_PROPERTY =
  "each property of the Java client has a field, whose page says what it does here; one that does not exist is reported";

/** Where a field is not quite Flume's property, and why. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "source.exec batchSize": SMALL_BATCHES,
  "source.exec batchTimeout": "events leave at once; written, it gathers as Flume does",
  "source.spooldir batchSize": SMALL_BATCHES,
  "source.taildir batchSize": SMALL_BATCHES,
  "source.taildir filegroups": "not required: `paths` names files without groups",
  "source.taildir positionFile":
    "positions are kept with what is delivered; a file of Flume is read only where it is named, and never written",
  "source.http handler":
    "the same in a file of Flume; in YAML the Content-Type decides where none is written",
  "sink.hdfs writeFormat.*": "a value class of one's own cannot be run, and Flume's two have no settings",
  "channel.memory byteCapacity": NO_HEAP,
  "channel.spillable_memory byteCapacity": NO_HEAP,
  "channel.file checkpointDir": "the first of dataDirs",
  "channel.file dataDirs": OWN_FOLDER,
  "channel.file maxFileSize":
    "128MiB, at most 1GiB: a file is removed as a whole, so smaller ones free the disk sooner",
  "source.kafka batchSize": SMALL_BATCHES,
  "source.kafka kafka.consumer.*": EACH_PROPERTY,
  "sink.kafka flumeBatchSize": SMALL_BATCHES,
  "sink.kafka kafka.producer.acks": ALL_REPLICAS,
  "sink.kafka requiredAcks": ALL_REPLICAS,
  "sink.kafka batchSize": SMALL_BATCHES,
  "channel.kafka kafka.producer.*": EACH_PROPERTY,
  "channel.kafka kafka.consumer.*": EACH_PROPERTY,
  "sink.kafka kafka.producer.*": EACH_PROPERTY,
  "sink_processor.load_balance selector.*":
    "settings of selector classes: a class of one's own cannot be run",
};

/** Why a property differs here; keys are `id name`, or `group name` for all components that have the group. */
export function propertyDifference(id: string, { name, group }: Property): string | undefined {
  return DIFFERENCES[`${id} ${name}`] ?? DIFFERENCES[`${group} ${name}`];
}
