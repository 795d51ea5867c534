import type fc from "fast-check";
import { LINE_BODY, TEXT_BODY } from "./codec.ts";
import {
  commandFeed,
  type FeedMaker,
  folderFeed,
  httpFeed,
  ownFeed,
  stdinFeed,
  tcpFeed,
  udpFeed,
} from "./feeds.ts";
import { avroFeed, avroLegacyFeed, avroTarget } from "./avro_peers.ts";
import { ircTarget, multiportFeed, syslogtcpFeed, syslogudpFeed } from "./syslog_peers.ts";
import { thriftFeed, thriftLegacyFeed, thriftTarget } from "./thrift_peers.ts";
import {
  folderTarget,
  httpTarget,
  logTarget,
  noTarget,
  stagedFolderTarget,
  stdoutTarget,
  type TargetMaker,
} from "./targets.ts";

/** Settings with which the suites create plugins that have required fields, or whose defaults show little. */
export const SETTINGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "interceptor static": { key: "datacenter", value: "köln-süd" },
  "interceptor remove_header": { withName: "status" },
  "interceptor search_replace": { searchPattern: "(\\d+)\\.(\\d+)", replaceString: "$2.$1" },
  "interceptor regex_filter": { regex: "GET|ERROR|Müller", excludeEvents: false },
  "interceptor regex_extractor": {
    regex: '" (\\d{3}) (\\d+)',
    serializers: { s1: { name: "status" }, s2: { name: "bytes" } },
  },
  "selector multiplexing": { header: "host", mapping: { web01: "main archive" }, default: "alerts" },
  "channel memory": { capacity: 20, transactionCapacity: 20 },
  "channel file": { capacity: 20, transactionCapacity: 20, minimumRequiredSpace: 0 },
  "channel spillable_memory": {
    memoryCapacity: 5,
    overflowCapacity: 15,
    transactionCapacity: 15,
    overflowTimeout: "1ms",
    minimumRequiredSpace: 0,
  },
  "channel jdbc": { "maximum.capacity": 20 },
  "channel pseudo_txn": { capacity: 20 },
  "sink_processor failover": { priority: { k1: 10, k2: 5, k3: 1 } },
};

/** How each source is fed. */
export const FEEDS: Readonly<Record<string, FeedMaker>> = {
  exec: commandFeed,
  stdin: stdinFeed,
  http: httpFeed,
  netcat: tcpFeed,
  netcatudp: udpFeed,
  avro: avroFeed,
  avro_legacy: avroLegacyFeed,
  thrift: thriftFeed,
  thrift_legacy: thriftLegacyFeed,
  syslogtcp: syslogtcpFeed,
  syslogudp: syslogudpFeed,
  multiport_syslogtcp: multiportFeed,
  seq: ownFeed({}),
  stress: ownFeed({}),
  spooldir: folderFeed((folder) => ({ spoolDir: folder })),
  taildir: folderFeed((folder) => ({ filegroups: { logs: `${folder}/.*\\.log` } })),
};

/** Where each sink writes to. */
export const TARGETS: Readonly<Record<string, TargetMaker>> = {
  logger: logTarget,
  null: noTarget,
  file_roll: folderTarget,
  hdfs: stagedFolderTarget,
  stdout: stdoutTarget,
  http: httpTarget,
  avro: avroTarget,
  thrift: thriftTarget,
  irc: ircTarget,
};

/** How many sinks stand behind each processor. */
export const PROCESSOR_SINKS: Readonly<Record<string, number>> = { default: 1 };

/** The bodies that each codec carries unchanged. */
export const CODEC_BODIES: Readonly<
  Record<string, { bodies: fc.Arbitrary<Uint8Array>; keepsHeaders?: boolean }>
> = {
  line: { bodies: LINE_BODY },
  json: { bodies: TEXT_BODY, keepsHeaders: true },
};

const ONE_WAY = "it has no decoder";
const NEEDS_DATUMS = "it takes only bodies that are datums of a schema";
const NO_OUTPUT = "it writes nothing anywhere";
const ON_DISK = "events are safe as soon as they are on the disk, taken or not";
const SAFE_CASE = "tells a source that can replay to forget only when the events are safe";

/** Plugins whose suite needs a server, and where it runs. */
export const WITH_SERVERS: Readonly<Record<string, string>> = {
  "channel kafka": "plugins/channels/kafka_contract_test.ts",
  "sink kafka": "plugins/sinks/kafka_contract_test.ts",
  "source kafka": "plugins/sources/kafka_contract_test.ts",
};

/** Cases that a plugin cannot meet: plugin → case → reason. */
export const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "interceptor dedupe": {
    "does to each event the same, alone or among others": "an event that it saw before is dropped",
  },
  "interceptor uuid": {
    "does to each event the same, alone or among others": "each event gets an id of its own",
    "remembers nothing of a pooled block that is overwritten": "each event gets an id of its own",
  },
  "channel direct": {
    "holds a put back while it is full, and lets it in when there is room":
      "it is bounded in bytes, not in events",
    "refuses a put when it stays full for too long": "it never refuses: the source waits for the sink",
  },
  "channel file": { [SAFE_CASE]: ON_DISK },
  "channel jdbc": { [SAFE_CASE]: ON_DISK },
  "channel kafka": {
    [SAFE_CASE]: "events are safe as soon as the brokers have them, taken or not",
    "holds a put back while it is full, and lets it in when there is room": "a topic has no capacity",
    "refuses a put when it stays full for too long": "a topic has no capacity",
  },
  "sink null": { "keeps order over many writes, and every body": NO_OUTPUT },
  "codec text": {
    "reads back the events that it wrote": ONE_WAY,
    "reads the same events from an input in pieces as from a whole one": ONE_WAY,
    "reads any bytes to their end, or says in a SyntaxError why not": ONE_WAY,
  },
  "codec header_and_text": {
    "reads back the events that it wrote": ONE_WAY,
    "reads the same events from an input in pieces as from a whole one": ONE_WAY,
    "reads any bytes to their end, or says in a SyntaxError why not": ONE_WAY,
  },
  "codec blob": {
    "reads back the events that it wrote": "one input is one event, however many were written",
  },
  "codec avro_event": {
    "reads back the events that it wrote": "it reads any Avro file, and gives the datum as body",
    "writes the same bytes in one batch as in many": "a block of the file is as large as the batch",
  },
  "codec avro_record": {
    "leaves a batch that it encodes as it was": NEEDS_DATUMS,
    "writes the same bytes in one batch as in many": NEEDS_DATUMS,
    "reads back the events that it wrote": ONE_WAY,
    "reads the same events from an input in pieces as from a whole one": ONE_WAY,
    "reads any bytes to their end, or says in a SyntaxError why not": ONE_WAY,
  },
};
