import {
  bool,
  bytes,
  choice,
  codec,
  duration,
  host,
  int,
  list,
  map,
  port,
  secret,
  text,
} from "sluice/plugin";
import { tlsServerFields } from "../_tcp/tls_fields.ts";

const NO_JETTY = "the server here is Deno's own, without Jetty's settings";

const listening = {
  port: port().describe("TCP port to listen on; 0 picks a free one."),
  bind: host().default("0.0.0.0").describe("Address to listen on."),
  path: text().optional().describe("Path that takes events, such as /events; without it every path does."),
};

const reading = {
  handler: codec("decoder", { flumeFallback: "json" }).optional().describe(
    "How bodies become events, whatever their Content-Type: json (Flume's JSONHandler), blob, or any codec. " +
      "Without it the Content-Type decides, except in a file of Flume, where it is json.",
  ),
  ndjson: choice(["body", "event"]).default("body").describe(
    "What a line of NDJSON is: the body of an event, or an object with headers and body.",
  ),
  maxBodyBytes: bytes().default(32 * 1024 * 1024).describe(
    "Longest body, before and after inflation; more gets 413.",
  ),
  bodyTimeout: duration("ms").default(30_000).describe("How long a body may take to arrive; then 408."),
  maxRequests: int({ min: 1 }, { unit: "requests" }).default(1024)
    .describe("Requests in flight at most; more get 429."),
  retryAfter: duration("s").default(1).describe("What Retry-After says with 429 and 503."),
};

const credentials = {
  tokens: list({ secret: true, alias: ["token"] }).default([]).describe(
    "Bearer tokens, each of which may post; give each client its own.",
  ),
  username: text().optional().describe("User name for basic authentication."),
  password: secret().optional().describe("Password for basic authentication."),
};

const encryption = {
  ...tlsServerFields,
  ssl: bool().default(false).describe("Speak HTTPS."),
  keystorePassword: secret({ instead: "keystore-password" }).optional().describe(
    "Password of the key store.",
  ),
  excludeProtocols: list({ instead: "exclude-protocols" }).optional().describe("TLS versions to refuse."),
  enableSSL: bool({ instead: "ssl" }).optional().describe("Speak HTTPS."),
};

const jetty = {
  QueuedThreadPool: map(text(), { ignored: NO_JETTY }).default({}).describe("Jetty's thread pool."),
  HttpConfiguration: map(text(), { ignored: NO_JETTY }).default({}).describe("Jetty's HTTP settings."),
  SslContextFactory: map(text(), { ignored: NO_JETTY }).default({}).describe("Jetty's TLS settings."),
  ServerConnector: map(text(), { ignored: NO_JETTY }).default({}).describe("Jetty's connector."),
};

/** The fields of the http source. */
export const httpFields = { ...listening, ...reading, ...credentials, ...encryption, ...jetty };
