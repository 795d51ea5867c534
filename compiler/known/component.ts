import type { PluginKind } from "../../core/plugin.ts";

/**
 * A kind of thing that a Flume file, command line or program names. Flume's serializers, deserializers and HTTP
 * handlers are codecs; the other words are Flume's own.
 */
export type KnownKind =
  | PluginKind
  | "hive_serializer"
  | "hbase_serializer"
  | "hbase2_serializer"
  | "elasticsearch_serializer"
  | "elasticsearch_index_namer"
  | "kudu_producer"
  | "kite_parser"
  | "kite_policy"
  | "jms_converter"
  | "key_provider"
  | "config_filter"
  | "config_source"
  | "monitor"
  | "rpc_client"
  | "log_appender"
  | "embedded_agent"
  | "tool";

/** A component of Flume that is not built in here. */
export interface KnownComponent {
  /** Kind and name, with a dot between them. */
  readonly id: string;
  /** Aliases and class names; case and a trailing `$Builder` do not matter. */
  readonly words: readonly string[];
  /** `later`: a version to come may have it. `dead`: nobody needs it any more. */
  readonly state: "later" | "dead";
  /** Why it is not there, to be put behind the component's name and a colon. */
  readonly text: string;
  /** What to do instead. */
  readonly fix: string;
  /** Its properties, without type and wiring; `x.*` stands for every key below x. */
  readonly fields: readonly string[];
}
