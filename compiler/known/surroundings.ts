import type { KnownComponent } from "./component.ts";

const APPENDER =
  "log4j 1 is no longer kept; its appender lives in your program, and its events still arrive at an avro source here";
const PEER_LOG = "keep it until the program moves on, then write log files and follow them with taildir";
const COUNTERS = "read the counters at /metrics: -Dflume.monitoring.type=http";

/** What stands around the pipeline and is not built in: monitors, clients, tools. */
export const KNOWN_SURROUNDINGS: readonly KnownComponent[] = [
  {
    id: "key_provider.jceksfile",
    words: ["JCEKSFILE", "org.apache.flume.channel.file.encryption.JCEFileKeyProvider"],
    state: "later",
    text: "this version of Sluice does not have a reader of JCEKS key stores",
    fix: "name a text file of keys in encryption.keyFile (docs/guide/journal.md)",
    fields: ["keyStoreFile", "keyStorePasswordFile", "keys", "keys.*"],
  },
  {
    id: "key_provider.custom",
    words: [],
    state: "dead",
    text: "a class of your own that gives keys cannot be run",
    fix: "let it write a text file of keys, and name that in encryption.keyFile (docs/guide/journal.md)",
    fields: [],
  },
  {
    id: "cipher_provider.custom",
    words: [],
    state: "dead",
    text: "a cipher of your own cannot be run: events are sealed with AES-256-GCM",
    fix: "remove it",
    fields: [],
  },
  {
    id: "config_filter.hadoop",
    words: ["hadoop", "org.apache.flume.configfilter.HadoopCredentialStoreConfigFilter"],
    state: "later",
    text: "this version of Sluice does not have a reader of Hadoop's credential stores",
    fix:
      "let a config filter of type external run a command that prints the secret, or put it in a file: ${file:…}",
    fields: ["credential.provider.path", "credstore.java-keystore-provider.password-file"],
  },
  {
    id: "config_source.classpath",
    words: ["classpath:", "org.apache.flume.node.ClasspathConfigurationSource"],
    state: "dead",
    text: "there is no class path",
    fix: "name the file or its URL",
    fields: [],
  },
  {
    id: "config_source.custom_provider",
    words: [],
    state: "dead",
    text: "a class of your own that gives the configuration cannot be run",
    fix: "serve the configuration by HTTP, and name its address: --conf-uri",
    fields: [],
  },
  {
    id: "monitor.jmx",
    words: ["jmx"],
    state: "dead",
    text: "there is no Java machine, hence no MBeans",
    fix: COUNTERS,
    fields: [],
  },
  {
    id: "monitor.spring_boot",
    words: ["org.apache.flume.spring.boot.controller.FlumeMetricsController"],
    state: "dead",
    text: "there is no Spring Boot here",
    fix: COUNTERS,
    fields: [],
  },
  {
    id: "rpc_client.secure_thrift",
    words: ["org.apache.flume.api.SecureThriftRpcClient"],
    state: "later",
    text: "this version of Sluice does not have Kerberos for Thrift",
    fix: "use TLS (ssl: true) instead",
    fields: ["kerberos", "client-principal", "client-keytab", "server-principal"],
  },
  {
    id: "log_appender.log4j",
    words: ["org.apache.flume.clients.log4jappender.Log4jAppender"],
    state: "dead",
    text: APPENDER,
    fix: PEER_LOG,
    fields: ["Hostname", "Port", "UnsafeMode", "AvroReflectionEnabled", "AvroSchemaUrl"],
  },
  {
    id: "log_appender.log4j_load_balancing",
    words: ["org.apache.flume.clients.log4jappender.LoadBalancingLog4jAppender"],
    state: "dead",
    text: APPENDER,
    fix: PEER_LOG,
    fields: ["Hosts", "Selector", "MaxBackoff", "UnsafeMode", "AvroReflectionEnabled", "AvroSchemaUrl"],
  },
  {
    id: "embedded_agent.embedded",
    words: ["org.apache.flume.agent.embedded.EmbeddedAgent"],
    state: "dead",
    text: "Flume's embedded agent is a Java library",
    fix: 'import compile and startPipeline from "sluice" in your program: docs/guide/java-components.md',
    fields: [
      "source.type",
      "channel.type",
      "channel.*",
      "sinks",
      "*",
      "processor.type",
      "processor.*",
      "source.interceptors",
      "source.interceptors.*",
    ],
  },
  {
    id: "tool.fcintegritytool",
    words: ["FCINTEGRITYTOOL", "org.apache.flume.tools.FileChannelIntegrityTool"],
    state: "dead",
    text: "this tool checks the files of Flume's file channel, which Sluice does not use",
    fix:
      "use `sluice journal verify` and `sluice journal repair` on a journal; let Flume empty its own file channel first",
    fields: [],
  },
];
