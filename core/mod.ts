/**
 * Everything that a plugin may import, known as `sluice/plugin`.
 * @module
 */
export type { Adoption, LeftEvents } from "./adoption.ts";
export { BlockPool, Lease } from "./block_pool.ts";
export type {
  Channel,
  ChannelLog,
  LogPart,
  PutReceipt,
  SourceNote,
  TakeOptions,
  TakeTransaction,
} from "./channel.ts";
export { BodyTexts } from "./body_texts.ts";
export { createCodec } from "./codec.ts";
export type { Codec, CodecChoice, Decoded, Decoder, Encoder } from "./codec.ts";
export { systemClock } from "./context.ts";
export type { Clock, Context, Logger } from "./context.ts";
export { Counters } from "./counters.ts";
export type { GaugeState } from "./counters.ts";
export type { Histogram, HistogramState } from "./histogram.ts";
export {
  assert,
  ChannelFullError,
  ConfigError,
  DeliveryError,
  errorText,
  JournalCorruptError,
  PluginError,
  PoisonError,
} from "./errors.ts";
export { EventBatch } from "./event_batch.ts";
export type { BatchLayout, BlockText, Column, Event, EventBatchInit } from "./event_batch.ts";
export type { BatchIdentity, IdentityRun } from "./identity.ts";
export type { Fate, Interceptor } from "./interceptor.ts";
export { splitLines } from "./lines.ts";
export type { LineIndex, LineOptions } from "./lines.ts";
export { loneContext } from "./lone_context.ts";
export { linearFallbackActive, Pattern } from "./pattern.ts";
export type { PatternMatch } from "./pattern.ts";
export {
  defineChannel,
  defineCodec,
  defineInterceptor,
  defineReporter,
  defineSelector,
  defineSink,
  defineSinkProcessor,
  defineSource,
  PLUGIN_KINDS,
} from "./plugin.ts";
export type {
  AnyPlugin,
  ChannelPlugin,
  CodecPlugin,
  Example,
  InterceptorPlugin,
  Plugin,
  PluginKind,
  PluginNeeds,
  ReporterPlugin,
  SelectorPlugin,
  SinkPlugin,
  SinkProcessorPlugin,
  SourcePlugin,
} from "./plugin.ts";
export { joinPositions, mergePositions } from "./position.ts";
export type { Position } from "./position.ts";
export { parseReplacement } from "./replacement.ts";
export { countersJson } from "./reporter.ts";
export type { CounterSnapshot, Reporter } from "./reporter.ts";
export {
  bool,
  bytes,
  choice,
  codec,
  duration,
  host,
  int,
  list,
  map,
  meta,
  metaOf,
  path,
  port,
  regex,
  secret,
  text,
  url,
  z,
} from "./schema.ts";
export type { Config, FieldMeta, Fields } from "./schema.ts";
export type { Route, Selector } from "./selector.ts";
export type { NamedSink, Sink } from "./sink.ts";
export { coolDownMs, Penalties, sinkGroup } from "./sink_processor.ts";
export type { GroupRules } from "./sink_processor.ts";
export type { Emit, Source } from "./source.ts";
export { TakeQueue } from "./take_queue.ts";
export type { QueueEntry } from "./take_queue.ts";
export { yieldTurn } from "./turn.ts";
export { Backoff } from "./backoff.ts";
