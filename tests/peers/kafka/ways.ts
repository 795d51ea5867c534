import { type Components, confText, type Settings } from "../conf_text.ts";
import { freePorts } from "../free_ports.ts";
import { type NumberedEvent, numberedEvent } from "../numbered_events.ts";

/** One of the two programs. */
export type Program = "Sluice" | "Flume";

/** How events stand in a topic between two agents. */
export type Wire = "sink, source" | "sink, source, as Flume events" | "channel" | "channel, bodies only";

/** A way from a sending agent by a topic to a receiving one. */
export interface Way {
  readonly sender: Program;
  readonly receiver: Program;
  readonly wire: Wire;
  /** Where events for it go into the sender. */
  readonly port: number;
  readonly topic: string;
  /** Where the receiver writes them. */
  readonly folder: string;
}

const WIRES: readonly Wire[] = [
  "sink, source",
  "sink, source, as Flume events",
  "channel",
  "channel, bodies only",
];
/** Room for all events of a way, so that none has to be sent twice. */
const MEMORY = { type: "memory", capacity: 20_000, transactionCapacity: 1000 };
const KEY = "a key";
/** The header "größe", as Java writes it in files of any charset. */
const SIZE = "gr\\u00f6\\u00dfe";
const ADDED_BY_SOURCE = "topic,partition,offset,timestamp";

/** All ways between the programs, with ports and topics of their own. */
export function allWays(folder: string, programs: readonly Program[]): Way[] {
  const pairs = programs.flatMap((sender) => programs.map((receiver) => ({ sender, receiver })));
  const kinds = pairs.flatMap((pair) => WIRES.map((wire) => ({ ...pair, wire })));
  const ports = freePorts(kinds.length);
  return kinds.map((kind, at) => {
    const topic = `${kind.sender}-${kind.receiver}-${kind.wire.replaceAll(/\W+/g, "-")}`;
    return { ...kind, port: ports[at]!, topic, folder: `${folder}/${topic}` };
  });
}

/** What shall arrive when so many numbered events go in. */
export function eventsOf({ wire, topic }: Way, count: number): NumberedEvent[] {
  const sent = Array.from({ length: count }, (_, id) => numberedEvent(topic, id));
  if (wire === "channel") return sent;
  if (wire === "channel, bodies only") return sent.map(({ body }) => ({ headers: {}, body }));
  if (wire === "sink, source, as Flume events") {
    return sent.map(({ headers, body }) => ({ headers: { ...headers, key: KEY }, body }));
  }
  return sent.map(({ headers: { id, origin, größe }, body }) => ({
    headers: { key: KEY, number: id!, origin: origin!, größe: größe! },
    body,
  }));
}

/** The file of an agent that is the sender of some ways and the receiver of others, by the program's name. */
export function agentConf(program: Program, ways: readonly Way[], brokers: string): string {
  const flows = ways.map((way, at) => ({
    ...way.sender === program ? sendingFlow(way, brokers, `out${at}`) : {},
    ...way.receiver === program ? receivingFlow(way, brokers, `in${at}`) : {},
  }));
  return confText(Object.assign({}, ...flows));
}

function sendingFlow(way: Way, brokers: string, name: string): Components {
  const source = { type: "avro", bind: "127.0.0.1", port: way.port, channels: name };
  if (way.wire.startsWith("channel")) {
    return { [`sources.${name}`]: source, [`channels.${name}`]: channelSettings(way, brokers) };
  }
  const interceptor = {
    interceptors: "key",
    "interceptors.key.type": "static",
    "interceptors.key.key": "key",
    "interceptors.key.value": KEY,
  };
  return {
    [`sources.${name}`]: { ...source, ...interceptor },
    [`channels.${name}`]: MEMORY,
    [`sinks.${name}`]: { ...sinkSettings(way), "kafka.bootstrap.servers": brokers, channel: name },
  };
}

function receivingFlow(way: Way, brokers: string, name: string): Components {
  const sink = {
    type: "file_roll",
    "sink.directory": way.folder,
    "sink.rollInterval": 0,
    "sink.serializer": "avro_event",
    channel: name,
  };
  if (way.wire.startsWith("channel")) {
    return { [`channels.${name}`]: channelSettings(way, brokers), [`sinks.${name}`]: sink };
  }
  return {
    [`sources.${name}`]: { ...sourceSettings(way), "kafka.bootstrap.servers": brokers, channels: name },
    [`channels.${name}`]: MEMORY,
    [`sinks.${name}`]: sink,
  };
}

/** Settings that both ends of a channel share. */
function channelSettings({ wire, topic }: Way, brokers: string): Settings {
  return {
    type: "org.apache.flume.channel.kafka.KafkaChannel",
    "kafka.bootstrap.servers": brokers,
    "kafka.topic": topic,
    "kafka.consumer.group.id": topic,
    "kafka.consumer.auto.offset.reset": "earliest",
    "kafka.pollTimeout": 100,
    parseAsFlumeEvent: wire === "channel" ? "true" : "false",
  };
}

function sinkSettings({ wire, topic }: Way): Settings {
  const settings = {
    type: "org.apache.flume.sink.kafka.KafkaSink",
    "kafka.topic": topic,
    "kafka.producer.acks": "all",
    "kafka.producer.compression.type": "lz4",
    flumeBatchSize: 500,
  };
  if (wire !== "sink, source") return { ...settings, useFlumeEventFormat: "true" };
  return {
    ...settings,
    "kafka.producer.compression.type": "snappy",
    "header.id": "no",
    "header.origin": "from",
    [`header.${SIZE}`]: "size",
  };
}

function sourceSettings({ wire, topic }: Way): Settings {
  const settings = {
    type: "org.apache.flume.source.kafka.KafkaSource",
    "kafka.topics": topic,
    "kafka.consumer.group.id": topic,
    "kafka.consumer.auto.offset.reset": "earliest",
    batchSize: 500,
    batchDurationMillis: 100,
    interceptors: "added",
    "interceptors.added.type": "remove_header",
    "interceptors.added.fromList": ADDED_BY_SOURCE,
  };
  if (wire !== "sink, source") return { ...settings, useFlumeEventFormat: "true" };
  return { ...settings, "header.number": "no", "header.origin": "from", [`header.${SIZE}`]: "size" };
}
