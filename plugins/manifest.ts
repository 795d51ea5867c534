// Written by tools/gen_manifest.ts from the files in this folder; `deno task docs` writes it anew.
import type { PluginKind } from "sluice/plugin";

/** How a built-in plugin is loaded, and the other words that mean it. */
export interface ManifestEntry {
  load(): Promise<unknown>;
  readonly aliases: readonly string[];
}

/** The built-in plugins by kind and name; the paths are literal so that `deno compile` sees them. */
export const MANIFEST: Readonly<Record<PluginKind, Readonly<Record<string, ManifestEntry>>>> = {
  source: {
    avro: {
      load: () => import("./sources/avro.ts"),
      aliases: [
        "org.apache.flume.source.AvroSource",
      ],
    },
    avro_legacy: {
      load: () => import("./sources/avro_legacy.ts"),
      aliases: [
        "avroLegacy",
        "org.apache.flume.source.avroLegacy.AvroLegacySource",
      ],
    },
    exec: {
      load: () => import("./sources/exec.ts"),
      aliases: [
        "org.apache.flume.source.ExecSource",
      ],
    },
    http: {
      load: () => import("./sources/http.ts"),
      aliases: [
        "org.apache.flume.source.http.HTTPSource",
      ],
    },
    kafka: {
      load: () => import("./sources/kafka.ts"),
      aliases: [
        "org.apache.flume.source.kafka.KafkaSource",
      ],
    },
    multiport_syslogtcp: {
      load: () => import("./sources/multiport_syslogtcp.ts"),
      aliases: [
        "org.apache.flume.source.MultiportSyslogTCPSource",
      ],
    },
    netcat: {
      load: () => import("./sources/netcat.ts"),
      aliases: [
        "org.apache.flume.source.NetcatSource",
      ],
    },
    netcatudp: {
      load: () => import("./sources/netcatudp.ts"),
      aliases: [
        "org.apache.flume.source.NetcatUdpSource",
      ],
    },
    seq: {
      load: () => import("./sources/seq.ts"),
      aliases: [
        "org.apache.flume.source.SequenceGeneratorSource",
      ],
    },
    spooldir: {
      load: () => import("./sources/spooldir.ts"),
      aliases: [
        "org.apache.flume.source.SpoolDirectorySource",
      ],
    },
    stdin: {
      load: () => import("./sources/stdin.ts"),
      aliases: [],
    },
    stress: {
      load: () => import("./sources/stress.ts"),
      aliases: [
        "org.apache.flume.source.StressSource",
      ],
    },
    syslogtcp: {
      load: () => import("./sources/syslogtcp.ts"),
      aliases: [
        "org.apache.flume.source.SyslogTcpSource",
      ],
    },
    syslogudp: {
      load: () => import("./sources/syslogudp.ts"),
      aliases: [
        "org.apache.flume.source.SyslogUDPSource",
      ],
    },
    taildir: {
      load: () => import("./sources/taildir.ts"),
      aliases: [
        "org.apache.flume.source.taildir.TaildirSource",
      ],
    },
    thrift: {
      load: () => import("./sources/thrift.ts"),
      aliases: [
        "org.apache.flume.source.ThriftSource",
      ],
    },
    thrift_legacy: {
      load: () => import("./sources/thrift_legacy.ts"),
      aliases: [
        "thriftLegacy",
        "org.apache.flume.source.thriftLegacy.ThriftLegacySource",
      ],
    },
  },
  interceptor: {
    dedupe: {
      load: () => import("./interceptors/dedupe.ts"),
      aliases: [],
    },
    host: {
      load: () => import("./interceptors/host.ts"),
      aliases: [
        "org.apache.flume.interceptor.HostInterceptor$Builder",
        "org.apache.flume.interceptor.HostInterceptor",
      ],
    },
    mask: {
      load: () => import("./interceptors/mask.ts"),
      aliases: [],
    },
    regex_extractor: {
      load: () => import("./interceptors/regex_extractor.ts"),
      aliases: [
        "org.apache.flume.interceptor.RegexExtractorInterceptor$Builder",
        "org.apache.flume.interceptor.RegexExtractorInterceptor",
      ],
    },
    regex_filter: {
      load: () => import("./interceptors/regex_filter.ts"),
      aliases: [
        "org.apache.flume.interceptor.RegexFilteringInterceptor$Builder",
        "org.apache.flume.interceptor.RegexFilteringInterceptor",
      ],
    },
    remove_header: {
      load: () => import("./interceptors/remove_header.ts"),
      aliases: [
        "org.apache.flume.interceptor.RemoveHeaderInterceptor$Builder",
        "org.apache.flume.interceptor.RemoveHeaderInterceptor",
      ],
    },
    search_replace: {
      load: () => import("./interceptors/search_replace.ts"),
      aliases: [
        "org.apache.flume.interceptor.SearchAndReplaceInterceptor$Builder",
        "org.apache.flume.interceptor.SearchAndReplaceInterceptor",
      ],
    },
    static: {
      load: () => import("./interceptors/static.ts"),
      aliases: [
        "org.apache.flume.interceptor.StaticInterceptor$Builder",
        "org.apache.flume.interceptor.StaticInterceptor",
      ],
    },
    timestamp: {
      load: () => import("./interceptors/timestamp.ts"),
      aliases: [
        "org.apache.flume.interceptor.TimestampInterceptor$Builder",
        "org.apache.flume.interceptor.TimestampInterceptor",
      ],
    },
    uuid: {
      load: () => import("./interceptors/uuid.ts"),
      aliases: [
        "org.apache.flume.sink.solr.morphline.UUIDInterceptor$Builder",
        "org.apache.flume.sink.solr.morphline.UUIDInterceptor",
      ],
    },
  },
  selector: {
    load_balancing: {
      load: () => import("./selectors/load_balancing.ts"),
      aliases: [
        "org.apache.flume.channel.LoadBalancingChannelSelector",
      ],
    },
    multiplexing: {
      load: () => import("./selectors/multiplexing.ts"),
      aliases: [
        "org.apache.flume.channel.MultiplexingChannelSelector",
      ],
    },
    replicating: {
      load: () => import("./selectors/replicating.ts"),
      aliases: [
        "org.apache.flume.channel.ReplicatingChannelSelector",
      ],
    },
  },
  channel: {
    direct: {
      load: () => import("./channels/direct.ts"),
      aliases: [],
    },
    file: {
      load: () => import("./channels/file.ts"),
      aliases: [
        "org.apache.flume.channel.file.FileChannel",
      ],
    },
    jdbc: {
      load: () => import("./channels/jdbc.ts"),
      aliases: [
        "org.apache.flume.channel.jdbc.JdbcChannel",
      ],
    },
    kafka: {
      load: () => import("./channels/kafka.ts"),
      aliases: [
        "org.apache.flume.channel.kafka.KafkaChannel",
      ],
    },
    memory: {
      load: () => import("./channels/memory.ts"),
      aliases: [
        "org.apache.flume.channel.MemoryChannel",
      ],
    },
    pseudo_txn: {
      load: () => import("./channels/pseudo_txn.ts"),
      aliases: [
        "org.apache.flume.channel.PseudoTxnMemoryChannel",
      ],
    },
    spillable_memory: {
      load: () => import("./channels/spillable_memory.ts"),
      aliases: [
        "SPILLABLEMEMORY",
        "org.apache.flume.channel.SpillableMemoryChannel",
      ],
    },
  },
  sink_processor: {
    default: {
      load: () => import("./sink_processors/default.ts"),
      aliases: [
        "org.apache.flume.sink.DefaultSinkProcessor",
      ],
    },
    failover: {
      load: () => import("./sink_processors/failover.ts"),
      aliases: [
        "org.apache.flume.sink.FailoverSinkProcessor",
      ],
    },
    load_balance: {
      load: () => import("./sink_processors/load_balance.ts"),
      aliases: [
        "org.apache.flume.sink.LoadBalancingSinkProcessor",
      ],
    },
  },
  sink: {
    avro: {
      load: () => import("./sinks/avro.ts"),
      aliases: [
        "org.apache.flume.sink.AvroSink",
      ],
    },
    file_roll: {
      load: () => import("./sinks/file_roll.ts"),
      aliases: [
        "org.apache.flume.sink.RollingFileSink",
      ],
    },
    hdfs: {
      load: () => import("./sinks/hdfs.ts"),
      aliases: [
        "org.apache.flume.sink.hdfs.HDFSEventSink",
      ],
    },
    http: {
      load: () => import("./sinks/http.ts"),
      aliases: [
        "org.apache.flume.sink.http.HttpSink",
      ],
    },
    irc: {
      load: () => import("./sinks/irc.ts"),
      aliases: [
        "org.apache.flume.sink.irc.IRCSink",
      ],
    },
    kafka: {
      load: () => import("./sinks/kafka.ts"),
      aliases: [
        "org.apache.flume.sink.kafka.KafkaSink",
      ],
    },
    logger: {
      load: () => import("./sinks/logger.ts"),
      aliases: [
        "org.apache.flume.sink.LoggerSink",
      ],
    },
    null: {
      load: () => import("./sinks/null.ts"),
      aliases: [
        "org.apache.flume.sink.NullSink",
      ],
    },
    stdout: {
      load: () => import("./sinks/stdout.ts"),
      aliases: [],
    },
    thrift: {
      load: () => import("./sinks/thrift.ts"),
      aliases: [
        "org.apache.flume.sink.ThriftSink",
      ],
    },
  },
  codec: {
    avro_event: {
      load: () => import("./codecs/avro_event.ts"),
      aliases: [
        "avro",
        "org.apache.flume.serialization.FlumeEventAvroEventSerializer$Builder",
        "org.apache.flume.serialization.FlumeEventAvroEventSerializer",
        "org.apache.flume.serialization.AvroEventDeserializer$Builder",
        "org.apache.flume.serialization.AvroEventDeserializer",
      ],
    },
    avro_record: {
      load: () => import("./codecs/avro_record.ts"),
      aliases: [
        "org.apache.flume.sink.hdfs.AvroEventSerializer$Builder",
        "org.apache.flume.sink.hdfs.AvroEventSerializer",
      ],
    },
    blob: {
      load: () => import("./codecs/blob.ts"),
      aliases: [
        "org.apache.flume.source.http.BLOBHandler",
        "org.apache.flume.sink.solr.morphline.BlobHandler",
        "org.apache.flume.sink.solr.morphline.BlobHandler$Builder",
        "org.apache.flume.sink.solr.morphline.BlobDeserializer",
        "org.apache.flume.sink.solr.morphline.BlobDeserializer$Builder",
      ],
    },
    header_and_text: {
      load: () => import("./codecs/header_and_text.ts"),
      aliases: [
        "org.apache.flume.serialization.HeaderAndBodyTextEventSerializer$Builder",
        "org.apache.flume.serialization.HeaderAndBodyTextEventSerializer",
      ],
    },
    json: {
      load: () => import("./codecs/json.ts"),
      aliases: [
        "org.apache.flume.source.http.JSONHandler",
      ],
    },
    line: {
      load: () => import("./codecs/line.ts"),
      aliases: [
        "org.apache.flume.serialization.LineDeserializer$Builder",
        "org.apache.flume.serialization.LineDeserializer",
      ],
    },
    text: {
      load: () => import("./codecs/text.ts"),
      aliases: [
        "org.apache.flume.serialization.BodyTextEventSerializer$Builder",
        "org.apache.flume.serialization.BodyTextEventSerializer",
      ],
    },
  },
  reporter: {
    ganglia: {
      load: () => import("./reporters/ganglia.ts"),
      aliases: [
        "org.apache.flume.instrumentation.GangliaServer",
      ],
    },
    http: {
      load: () => import("./reporters/http.ts"),
      aliases: [
        "org.apache.flume.instrumentation.http.HTTPMetricsServer",
      ],
    },
  },
};
