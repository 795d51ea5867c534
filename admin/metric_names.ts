/** A metric of Prometheus, and how Flume's counter of one component becomes its value. */
export interface MetricName {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** What the counter is multiplied with: Prometheus counts time in seconds. */
  readonly scale?: number;
}

type Named = Omit<MetricName, "type">;

/** Values that go up and down, by the name that they have among Flume's counters. */
const GAUGES: Readonly<Record<string, Named>> = {
  ChannelSize: { name: "sluice_channel_size", help: "Events that the channel holds." },
  ChannelCapacity: {
    name: "sluice_channel_capacity",
    help: "Events that the channel may hold; 0 means no limit.",
  },
  OpenConnectionCount: { name: "sluice_open_connections", help: "Clients that are connected." },
  Port: { name: "sluice_listen_port", help: "Port that the component listens on." },
  Open: { name: "sluice_channel_open", help: "1 while the journal of the channel is open." },
  KafkaLag: {
    name: "sluice_kafka_total_lag",
    help: "Records of all its partitions that are still to be read.",
  },
  OpenFiles: { name: "sluice_open_files", help: "Files that the sink is writing." },
  StagedFiles: {
    name: "sluice_staged_files",
    help: "Files on the local disk that the target does not have yet.",
  },
  StagedBytes: { name: "sluice_staged_bytes", help: "Bytes of those files." },
  StagedOldestSeconds: {
    name: "sluice_staged_oldest_seconds",
    help: "Age of the oldest of those files.",
  },
  UploadsUnderWay: { name: "sluice_uploads_under_way", help: "Files that are being sent to the target." },
  UnconfirmedBytes: {
    name: "sluice_unconfirmed_bytes",
    help: "Bytes in memory that the target has not confirmed yet.",
  },
  FilesBeingNamed: {
    name: "sluice_files_being_named",
    help: "Whole files at the target that do not have their final names yet.",
  },
  Closed: { name: "sluice_channel_closed", help: "1 once the journal of the channel has been closed." },
  Unhealthy: { name: "sluice_channel_unhealthy", help: "1 while the disk refuses what the channel writes." },
  StartTime: {
    name: "sluice_component_start_time_seconds",
    help: "When the component was last started, in seconds since 1970.",
    scale: 0.001,
  },
  StopTime: {
    name: "sluice_component_stop_time_seconds",
    help: "When the component ended, in seconds since 1970; 0 while it is at work.",
    scale: 0.001,
  },
};

/** Values that go up and down and have labels of their own, by the name that they have among a component's gauges. */
const LABELLED_GAUGES: Readonly<Record<string, Named>> = {
  KafkaPartitionLag: {
    name: "sluice_kafka_lag",
    help: "Records of a partition (labels topic and partition) that the group has still to read.",
  },
};

/** Flume counts these in milliseconds. */
const TIMERS: Readonly<Record<string, Named>> = {
  KafkaEventGetTimer: {
    name: "sluice_kafka_event_get_seconds_total",
    help: "Time that fetches took, waiting for records included.",
    scale: 0.001,
  },
  KafkaEventSendTimer: {
    name: "sluice_kafka_event_send_seconds_total",
    help: "Time that sends took until the brokers had confirmed them.",
    scale: 0.001,
  },
  KafkaCommitTimer: {
    name: "sluice_kafka_commit_seconds_total",
    help: "Time that commits of offsets took.",
    scale: 0.001,
  },
};

/** What counters count, by their Flume names; the metric's name follows from it. */
const COUNTER_HELP: Readonly<Record<string, string>> = {
  EventReceivedCount: "Events that the source received.",
  EventAcceptedCount: "Events of the source that every required channel has taken over.",
  AppendReceivedCount: "Single events that clients of the source appended.",
  AppendAcceptedCount: "Single appended events that the channels have taken over.",
  AppendBatchReceivedCount: "Batches that the source received.",
  AppendBatchAcceptedCount: "Batches of the source that the channels have taken over.",
  EventReadFail: "Input that the source could not read.",
  ChannelWriteFail: "Batches that a channel refused; they are tried again or answered with a refusal.",
  GenericProcessingFail: "Other failures of the source.",
  EventPutAttemptCount: "Events that were to be put into the channel, each try counted.",
  EventPutSuccessCount: "Events that were put into the channel.",
  EventTakeAttemptCount: "Events that were taken from the channel, and takes that found none.",
  EventTakeSuccessCount: "Events that have left the channel for good.",
  EventPutErrorCount: "Puts that the journal of the channel could not write.",
  EventTakeErrorCount: "Reads of the channel's journal that failed.",
  EventDamagedCount: "Events that could not be read back from the journal.",
  CheckpointWriteErrorCount: "Checkpoints of the journal that could not be written.",
  CheckpointBackupWriteErrorCount: "Copies of checkpoints that could not be written.",
  OptionalPutFailCount: "Events that an optional channel did not take.",
  EventDrainAttemptCount: "Events that were written to the sink, each try counted.",
  EventDrainSuccessCount: "Events that the target has for good.",
  EventWriteFail: "Writes that the target refused or did not deliver; they are tried again.",
  EventDeadLetterCount: "Events that the target will never accept and that were set aside.",
  ChannelReadFail: "Takes from the channel that failed.",
  BatchEmptyCount: "Takes that found the channel empty.",
  BatchUnderflowCount: "Takes smaller than the sink's batch size.",
  BatchCompleteCount: "Takes of the sink's whole batch size.",
  ConnectionCreatedCount: "Connections, or files, that the sink opened.",
  ConnectionClosedCount: "Connections, or files, that the sink closed.",
  ConnectionFailedCount: "Connections, or files, that the sink could not open or that broke.",
  ConnectionRefusedCount: "Clients that the source turned away.",
  AuthenticationFail: "Requests without the right password or token.",
  EventLostCount: "Events that came faster than they could be taken, and had no way to wait.",
  EventRepeatedCount: "Events that another agent sent again, and that the source recognised and dropped.",
  EventDuplicateCount: "Events that the interceptor dropped because it has seen them before.",
  EventWithoutKeyCount: "Events that the interceptor passed on because they have no key.",
  PublishedFileCount: "Files that have their final names at the target.",
  PublishedByteCount: "Bytes of those files, as the target has them.",
  SmallFileCount: "Files that were published with less than a tenth of a block.",
  KafkaEmptyCount: "Fetches that brought nothing.",
  KafkaRebalanceCount: "How often the group has distributed its partitions anew.",
  KafkaOffsetResetCount: "How often an offset was not there any more, so that reading went on elsewhere.",
  RollbackCount: "Takes that Kafka did not accept and that were rolled back.",
  RollbackCounter: "Events of the channel that were taken and came back.",
  DateParseFailCount: "Texts that were no date in the expected form.",
};

/** Histograms, by the name that they have among a component's counters. */
const HISTOGRAM_HELP: Readonly<Record<string, string>> = {
  BatchAgeSeconds: "Time from a source's emit to the delivery by the sink, each event counted.",
  KafkaFetchSeconds: "Time that one fetch took, waiting for records included.",
  KafkaFetchRecords: "Records that one fetch brought.",
  KafkaSendSeconds: "Time from a send to the brokers' confirmation.",
  KafkaSendRecords: "Records that one send held.",
  KafkaCommitSeconds: "Time that one commit of offsets took.",
  JournalSyncSeconds: "Time that a sync of the channel's journal took.",
};

/** What the names of metrics have in common. */
const PREFIX = "sluice_";

/** Metrics that are no counters of Flume's, by their own names. */
export const OWN_METRICS = {
  state: {
    name: "sluice_component_state",
    help: "1 for the state that the component is in, 0 for the others.",
  },
  restarts: {
    name: "sluice_component_restarts_total",
    help: "How often the component failed and was started again.",
  },
  fill: {
    name: "sluice_channel_fill_ratio",
    help: "Events in the channel by its capacity; absent without a limit.",
  },
  build: { name: "sluice_build_info", help: "1, with the versions of the program and of Deno." },
  processor: {
    name: "process_cpu_seconds_total",
    help: "Processor time that the process has used, in seconds.",
  },
  resident: { name: "process_resident_memory_bytes", help: "Memory of the process." },
  heap: { name: "process_heap_bytes", help: "JavaScript heap in use." },
  start: { name: "process_start_time_seconds", help: "When the process was started, in seconds since 1970." },
} as const;

/** Flume's names of the counters, gauges and histograms that have a text of their own. */
export const KNOWN_NAMES: readonly string[] = [GAUGES, TIMERS, COUNTER_HELP, HISTOGRAM_HELP, LABELLED_GAUGES]
  .flatMap(Object.keys);

/** Names a counter as Prometheus does: `EventReceivedCount` → `sluice_event_received_total`. */
export function metricOf(counter: string): MetricName {
  if (Object.hasOwn(GAUGES, counter)) return { ...GAUGES[counter]!, type: "gauge" };
  if (Object.hasOwn(TIMERS, counter)) return { ...TIMERS[counter]!, type: "counter" };
  const help = Object.hasOwn(COUNTER_HELP, counter) ? COUNTER_HELP[counter]! : `The component's ${counter}.`;
  return { name: `${PREFIX}${snakeCase(counter.replace(/Count(?:er)?$/, ""))}_total`, type: "counter", help };
}

/** Names a histogram: `BatchAgeSeconds` → `sluice_batch_age_seconds`. */
export function histogramOf(name: string): Pick<MetricName, "name" | "help"> {
  const help = Object.hasOwn(HISTOGRAM_HELP, name) ? HISTOGRAM_HELP[name]! : `The component's ${name}.`;
  return { name: PREFIX + snakeCase(name), help };
}

/** Names a gauge with labels: `KafkaPartitionLag` → `sluice_kafka_lag`. */
export function gaugeOf(name: string): Pick<MetricName, "name" | "help"> {
  if (Object.hasOwn(LABELLED_GAUGES, name)) return LABELLED_GAUGES[name]!;
  return { name: PREFIX + snakeCase(name), help: `The component's ${name}.` };
}

function snakeCase(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/[^a-zA-Z0-9]+/g, "_");
  return words.toLowerCase().replace(/^_+|_+$/g, "");
}
