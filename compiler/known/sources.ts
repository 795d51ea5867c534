import type { KnownComponent } from "./component.ts";

const BEHIND_AVRO_SINK =
  "keep a Flume agent for it meanwhile, with an avro sink that sends to an avro source here; or write a plugin (docs/guide/writing-a-plugin.md)";

/** Sources that are not built in. */
export const KNOWN_SOURCES: readonly KnownComponent[] = [
  {
    id: "source.jms",
    words: ["jms", "org.apache.flume.source.jms.JMSSource"],
    state: "later",
    text: "this version of Sluice does not have the JMS source",
    fix: BEHIND_AVRO_SINK,
    fields: [
      "initialContextFactory",
      "connectionFactory",
      "providerURL",
      "destinationName",
      "destinationType",
      "destinationLocator",
      "messageSelector",
      "userName",
      "passwordFile",
      "batchSize",
      "errorThreshold",
      "pollTimeout",
      "converter.type",
      "converter.*",
      "converter.charset",
      "createDurableSubscription",
      "clientId",
      "durableSubscriptionName",
    ],
  },
  {
    id: "source.twitter",
    words: ["twitter", "org.apache.flume.source.twitter.TwitterSource"],
    state: "dead",
    text: "the Twitter source reads a programming interface that was switched off",
    fix: "remove it; there is nothing in its place",
    fields: [
      "consumerKey",
      "consumerSecret",
      "accessToken",
      "accessTokenSecret",
      "maxBatchSize",
      "maxBatchDurationMillis",
    ],
  },
  {
    id: "source.scribe",
    words: ["scribe", "org.apache.flume.source.scribe.ScribeSource"],
    state: "dead",
    text: "the Scribe source speaks a protocol that nothing sends any more",
    fix: "let its senders use an avro, thrift, syslogtcp or http source; the category becomes a header",
    fields: ["port", "maxReadBufferBytes", "workerThreads"],
  },
  {
    id: "source.embedded",
    words: ["EMBEDDED", "org.apache.flume.agent.embedded.EmbeddedSource"],
    state: "dead",
    text: "the embedded source exists only inside Flume's embedded agent",
    fix:
      'import compile and startPipeline from "sluice" in your program and give it a source of its own: docs/guide/java-components.md',
    fields: [],
  },
];

/** Interceptors that are not built in. */
export const KNOWN_INTERCEPTORS: readonly KnownComponent[] = [
  {
    id: "interceptor.morphline",
    words: ["morphline", "org.apache.flume.sink.solr.morphline.MorphlineInterceptor"],
    state: "dead",
    text: "morphlines are a part of Kite, which is no longer kept",
    fix:
      "use regex_extractor, search_replace and regex_filter, or write an interceptor (docs/guide/writing-a-plugin.md)",
    fields: ["morphlineFile", "morphlineId"],
  },
];
