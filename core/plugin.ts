import type { Adoption } from "./adoption.ts";
import type { Channel } from "./channel.ts";
import type { Codec } from "./codec.ts";
import type { Context } from "./context.ts";
import type { Interceptor } from "./interceptor.ts";
import type { Reporter } from "./reporter.ts";
import type { Config, Fields } from "./schema.ts";
import type { Selector } from "./selector.ts";
import type { NamedSink, Sink } from "./sink.ts";
import type { Source } from "./source.ts";

/** All kinds of plugins, in the data's way. */
export const PLUGIN_KINDS = [
  "source",
  "interceptor",
  "selector",
  "channel",
  "sink_processor",
  "sink",
  "codec",
  "reporter",
] as const;

/** A kind of plugin; the folder under `plugins/` has the same name with an s. */
export type PluginKind = (typeof PLUGIN_KINDS)[number];

/** A pipeline that shows the plugin at work; linted by the tests, and run where no outside server is needed. */
export interface Example {
  readonly title: string;
  readonly yaml: string;
}

/** What a component reaches for; feeds `sluice permissions`. */
export interface PluginNeeds {
  /** Addresses that it connects to; "*" where only its servers know them. */
  readonly net?: readonly string[];
  /** Paths that it reads and writes; patterns and escapes may stand in them. */
  readonly paths?: readonly string[];
  /** Files and folders that it only reads, such as those that its own workers are loaded from. */
  readonly reads?: readonly string[];
  /** Variables that it reads. */
  readonly env?: readonly string[];
  /** Deno's names of system calls. */
  readonly sys?: readonly string[];
  /** It reads files of the packages that it loads. */
  readonly packages?: boolean;
}

/** What every plugin file exports by default. */
export interface Plugin<Kind extends PluginKind, F extends Fields, Extra extends unknown[], Part> {
  readonly kind: Kind;
  /** The word written after `type:`; also the file's name. */
  readonly name: string;
  /** Other words that mean it: Flume's class names. Case is ignored in both. */
  readonly aliases?: readonly string[];
  /** One sentence, shown in listings. */
  readonly summary: string;
  /** Markdown: guarantees, limits, what differs from Flume. */
  readonly about?: string;
  /** The fields: one source for types, lint, reference pages and JSON Schema. */
  readonly config: F;
  /** Complaints about fields that are valid alone but not together: field key and text. */
  check?(
    config: Config<F>,
  ): readonly { readonly key: string; readonly text: string; readonly fix?: string }[];
  /** What runs, but hardly as it was meant: warnings of `validate`, in the manner of `check`. */
  cautions?(
    config: Config<F>,
    about: { readonly stateDir: string },
  ): readonly { readonly key: string; readonly text: string; readonly fix?: string }[];
  /** Lines for `plan` that tell what the settings come to. */
  outlook?(config: Config<F>): readonly string[];
  /** What it needs beside what its fields tell, each for itself. */
  needs?(config: Config<F>): PluginNeeds;
  /** A source that puts a position on each batch and can go on from it: nothing of it is lost at a crash. */
  readonly replayable?: boolean;
  /**
   * A source that knows again what a peer sends twice: what it puts into the position of a batch is kept with the
   * events, when all its channels share a log, and comes back as `context.resume`.
   */
  readonly recognises?: boolean;
  /**
   * A channel that other agents may put into and take from: a pipeline may have only one end of it, and does not end by
   * itself while it only takes.
   */
  readonly isShared?: boolean;
  /** It keeps files in `context.stateDir`, which only one running pipeline may use. */
  readonly keepsState?: boolean;
  readonly examples: readonly Example[];
  /**
   * Finds what a Flume agent with this config left behind; changes nothing.
   * @throws {Error} when something is there and cannot be read.
   */
  adopt?(config: Config<F>): Promise<Adoption>;
  create(config: Config<F>, context: Context, ...extra: Extra): Part | Promise<Part>;
}

/** A plugin of whatever kind, its config unknown. */
// deno-lint-ignore no-explicit-any
export type AnyPlugin = Plugin<PluginKind, any, any[], unknown>;

export type SourcePlugin<F extends Fields = Fields> = Plugin<"source", F, [], Source>;
export type InterceptorPlugin<F extends Fields = Fields> = Plugin<"interceptor", F, [], Interceptor>;
export type SelectorPlugin<F extends Fields = Fields> = Plugin<
  "selector",
  F,
  [channels: readonly string[]],
  Selector
>;
export type ChannelPlugin<F extends Fields = Fields> = Plugin<"channel", F, [], Channel>;
export type SinkPlugin<F extends Fields = Fields> = Plugin<"sink", F, [], Sink>;
export type SinkProcessorPlugin<F extends Fields = Fields> = Plugin<
  "sink_processor",
  F,
  [sinks: readonly NamedSink[]],
  Sink
>;
export type CodecPlugin<F extends Fields = Fields> = Plugin<"codec", F, [], Codec>;
export type ReporterPlugin<F extends Fields = Fields> = Plugin<"reporter", F, [], Reporter>;

type Definition<P extends { readonly kind: PluginKind }> = Omit<P, "kind">;

/** Declares a source; the config type follows from the fields. */
export function defineSource<const F extends Fields>(plugin: Definition<SourcePlugin<F>>): SourcePlugin<F> {
  return { kind: "source", ...plugin };
}

/** Declares an interceptor; the config type follows from the fields. */
export function defineInterceptor<const F extends Fields>(
  plugin: Definition<InterceptorPlugin<F>>,
): InterceptorPlugin<F> {
  return { kind: "interceptor", ...plugin };
}

/** Declares a channel selector; the config type follows from the fields. */
export function defineSelector<const F extends Fields>(
  plugin: Definition<SelectorPlugin<F>>,
): SelectorPlugin<F> {
  return { kind: "selector", ...plugin };
}

/** Declares a channel; the config type follows from the fields. */
export function defineChannel<const F extends Fields>(
  plugin: Definition<ChannelPlugin<F>>,
): ChannelPlugin<F> {
  return { kind: "channel", ...plugin };
}

/** Declares a sink; the config type follows from the fields. */
export function defineSink<const F extends Fields>(plugin: Definition<SinkPlugin<F>>): SinkPlugin<F> {
  return { kind: "sink", ...plugin };
}

/** Declares a sink processor, a sink made of sinks; the config type follows from the fields. */
export function defineSinkProcessor<const F extends Fields>(
  plugin: Definition<SinkProcessorPlugin<F>>,
): SinkProcessorPlugin<F> {
  return { kind: "sink_processor", ...plugin };
}

/** Declares a codec; the config type follows from the fields. */
export function defineCodec<const F extends Fields>(plugin: Definition<CodecPlugin<F>>): CodecPlugin<F> {
  return { kind: "codec", ...plugin };
}

/** Declares a reporter; the config type follows from the fields. */
export function defineReporter<const F extends Fields>(
  plugin: Definition<ReporterPlugin<F>>,
): ReporterPlugin<F> {
  return { kind: "reporter", ...plugin };
}
