import type { Component } from "./inventory.ts";

/** What became of one behaviour of a component. */
export interface Behaviour {
  /** How it is here; absent where it is Flume's. */
  readonly differs?: string;
  /** The test that shows it, below `tests/`, and how its name begins. */
  readonly test?: readonly [path: string, name: string];
}

function same(path: string, name: string): Behaviour {
  return { test: [path, name] };
}

function differs(text: string, path: string, name: string): Behaviour {
  return { differs: text, test: [path, name] };
}

/** Where nothing is to be shown: what is not there. */
function absent(text: string): Behaviour {
  return { differs: text };
}

const EXEC = "plugins/sources/exec_test.ts";
const SPOOLDIR = "plugins/sources/spooldir_test.ts";
const TAILDIR = "plugins/sources/taildir_test.ts";
const NETCAT = "plugins/sources/netcat_test.ts";
const NETCATUDP = "plugins/sources/netcatudp_test.ts";
const SYSLOG = "plugins/sources/_syslog/golden_test.ts";
const HTTP_FORMATS = "plugins/sources/_http/formats_test.ts";
const SELECTORS = "plugins/selectors/selectors_test.ts";
const PROCESSORS = "plugins/sink_processors/sink_processors_test.ts";
const HDFS = "plugins/sinks/hdfs_test.ts";
const EXAMPLES_SQL = "examples_sql_test.ts";
const JOURNAL =
  "a journal has its own format (docs/guide/journal.md); Flume's logs are neither read nor written";

/** For each behaviour of the inventory, in its order, what became of it. */
const BEHAVIOURS: Readonly<Record<string, readonly Behaviour[]>> = {
  "source.avro": [
    same("plugins/sources/avro_test.ts", "avro answers FAILED when the channel refuses, as Flume does"),
  ],
  "source.exec": [
    same(EXEC, "exec splits the command at white space"),
    differs(
      "a full channel only makes the command wait; a batch that is rolled back ends the source with the cause, and it is started again",
      EXEC,
      "exec ends with the cause when a batch is rolled back",
    ),
  ],
  "source.spooldir": [
    same(SPOOLDIR, "spooldir takes only the files that it should"),
    differs(
      "the file is reported and set aside, and the others go on",
      SPOOLDIR,
      "spooldir sets a reused name and a changed file aside",
    ),
    same(SPOOLDIR, "spooldir gives an empty file as one empty event"),
  ],
  "source.taildir": [
    differs(
      "such a file is read to take over Flume's progress, and never written",
      TAILDIR,
      "taildir takes over the progress that Flume has saved",
    ),
    same(TAILDIR, "taildir reads a file from its start when its inode now holds something else"),
    same(TAILDIR, "taildir emits an unfinished line of an idle file"),
  ],
  "source.kafka": [
    same("plugins/sources/_kafka/event_maker_test.ts", "events have Flume's headers"),
  ],
  "source.netcat": [
    differs(
      "with ack-every-event off nothing is answered: a full channel stops the reading, so nothing is refused",
      NETCAT,
      "netcat answers FAILED with the reason for each line",
    ),
    same(NETCAT, "netcat tells Flume's text and closes"),
    same(NETCAT, "netcat answers OK for each line, keeps returns and empty lines"),
  ],
  "source.netcatudp": [
    same(NETCATUDP, "netcatudp keeps the first line of each datagram"),
    differs(
      "there is no header then",
      NETCATUDP,
      "netcatudp keeps the first line of each datagram and no header",
    ),
  ],
  "source.syslogtcp": [
    differs(
      "the same, but for a few odd heads that its page lists",
      SYSLOG,
      "syslogtcp and syslogudp make of heads, framing",
    ),
    same(SYSLOG, "syslogtcp guesses years in UTC as Flume does"),
  ],
  "source.http": [
    differs(
      "the same, and 413, 415, 429 and 408 where Flume says 500 or nothing",
      HTTP_FORMATS,
      "http source refuses what is no JSON array of events with 400",
    ),
    differs(
      "the guide is right here: what a client sent wrong is 400",
      HTTP_FORMATS,
      "http source demands the parameters",
    ),
  ],
  "sink.logger": [
    same("plugins/sinks/logger_test.ts", "logger writes the lines that Flume writes"),
    differs(
      "the text is Flume's; events are taken in batches",
      "plugins/sinks/logger_test.ts",
      "logger writes the lines that Flume writes",
    ),
  ],
  "sink.file_roll": [
    differs(
      "a file is opened for its first event, so an idle sink leaves none; events count as delivered when they are on the disk",
      "plugins/sinks/file_roll_test.ts",
      "file_roll leaves no empty files while idle",
    ),
  ],
  "sink.hdfs": [
    same(HDFS, "hdfs sink writes files of exactly so many events, named and put into folders"),
    differs(
      "the counter is per bucket; events are delivered when they are on the local disk, and files are sent when they are complete",
      HDFS,
      "hdfs sink writes files of exactly so many events, named and put into folders",
    ),
    differs(
      "such an event is poison: it goes to the dead letters, and the others go on",
      "plugins/sinks/hdfs_stage_test.ts",
      "hdfs sink sets events aside whose time cannot be told",
    ),
    differs(
      "what a failed write left in a file is taken out again",
      "plugins/sinks/_hdfs/crash_test.ts",
      "hdfs (",
    ),
  ],
  "sink.kafka": [same("plugins/sinks/kafka_test.ts", "kafka sink sends bodies, keys, headers and times")],
  "sink.http": [same("plugins/sinks/http_test.ts", "http sink consumes an event with an empty body")],
  "channel.memory": [
    absent("the bytes that events really hold are counted"),
    differs(
      "a channel whose settings change is emptied first, then made anew",
      "core/reload_test.ts",
      "channel that a reload removes is emptied first",
    ),
    differs(
      "a batch larger than transactionCapacity is cut; a full queue refuses after keep-alive",
      "contracts/channel.ts",
      "refuses a put when it stays full for too long",
    ),
  ],
  "channel.kafka": [
    same("plugins/channels/_kafka/records_of_test.ts", "kafka channel writes the bytes of Flume's channel"),
  ],
  "channel.file": [
    absent(JOURNAL),
    absent(JOURNAL),
    differs(
      "a torn tail is found by length and checksum",
      "journal/damage_test.ts",
      "journal that is torn at any byte of its last frame",
    ),
    differs(
      "the same for two programs; channels of one pipeline share a journal",
      "journal/damage_test.ts",
      "journal that is open refuses another opener",
    ),
    same("journal/damage_test.ts", "gives all other events, in order, and says what is wrong"),
  ],
  "channel_selector.multiplexing": [
    same(SELECTORS, "multiplexing selector sends a value with only optional channels"),
    same(SELECTORS, "multiplexing selector sends a value with only optional channels"),
    same(SELECTORS, "replicating selector sends the same batch everywhere, required channels first"),
  ],
  "sink_processor.failover": [
    same(PROCESSORS, "failover processor doubles the cool-down up to maxpenalty"),
    same(PROCESSORS, "failover processor ranks unlisted sinks by order"),
  ],
  "sink_processor.load_balance": [
    same(PROCESSORS, "load_balance processor with backoff leaves a failed sink out"),
    differs("each batch goes to the next sink", PROCESSORS, "load_balance processor takes turns"),
  ],
  "event_deserializer.AVRO": [
    differs(
      "it goes on behind the last datum that is safe",
      "plugins/sources/spooldir_decoding_test.ts",
      "spooldir goes on in a file whose decoder needs the start",
    ),
  ],
  "http_handler.json": [
    same(HTTP_FORMATS, "http source reads JSON in UTF-16 and UTF-32, and refuses other charsets"),
    same(HTTP_FORMATS, "http source refuses what is no JSON array of events"),
  ],
  "monitor.ganglia": [
    same("plugins/reporters/ganglia_test.ts", "ganglia reporter sends all counters to each host"),
    same("plugins/reporters/ganglia_test.ts", "ganglia reporter sends all counters to each host"),
  ],
  "monitor.http": [
    same("plugins/reporters/http_test.ts", "http reporter answers /metrics with Flume's JSON"),
  ],
  "user_plugin.my_sink": [
    differs(
      "a sink is given events when there are some",
      "examples_test.ts",
      "my_sink logs each body between its texts",
    ),
  ],
  "user_plugin.sql_source": [
    differs(
      "the index is a position that the pipeline keeps; the table is written after the delivery, for others",
      EXAMPLES_SQL,
      "sql_source goes on behind its position",
    ),
    differs(
      "it is the last row's own index",
      EXAMPLES_SQL,
      "sql_source takes each row of a table once, gaps or not",
    ),
    absent("each query says where it begins"),
  ],
};

/** The entries of a component; fewer than it has behaviours where something is not said yet. */
export function behavioursOf({ id }: Component): readonly Behaviour[] {
  return BEHAVIOURS[id] ?? [];
}

/** Ids of all components about whose behaviours something is said. */
export function describedIds(): readonly string[] {
  return Object.keys(BEHAVIOURS);
}

/** The behaviours of a component as a list in Markdown. */
export function behaviourLines(component: Component): readonly string[] {
  const entries = behavioursOf(component);
  return component.behaviour.map((text, at) => {
    const entry = entries[at];
    if (!entry) return `- In Flume: ${text}.`;
    return entry.differs === undefined
      ? `- As in Flume: ${text}.`
      : `- In Flume: ${text}. Here: ${entry.differs}.`;
  });
}
