import { type Config, type Context, defineSource, type Emit, errorText } from "sluice/plugin";
import { createApp } from "./_http/app.ts";
import { Credentials } from "./_http/credentials.ts";
import { httpFields } from "./_http/fields.ts";
import { Formats } from "./_http/formats.ts";
import { tlsComplaints, tlsIdentity } from "./_tcp/tls_fields.ts";
import { Intake } from "./_http/intake.ts";

type HttpConfig = Config<typeof httpFields>;

/** How long requests in flight may take to end when the source stops. */
const STOP_LIMIT_MS = 5000;

export default defineSource({
  name: "http",
  aliases: ["org.apache.flume.source.http.HTTPSource"],
  summary: "Receives events by HTTP POST and answers 200 once they are committed.",
  about: `Without \`handler\` the Content-Type decides:

| Content-Type | Events |
| --- | --- |
| application/json, none, any other | Flume's JSON: an array of \`{"headers": {…}, "body": "…"}\` |
| application/x-ndjson | each line is the body of one event, as it came; \`ndjson: event\` reads headers and body from it |
| text/plain | each line is one event |
| application/octet-stream | the whole body is one event, the query parameters are its headers |

Bodies may be compressed (\`Content-Encoding: gzip\` or \`deflate\`). Answers: 200 after the commit, 400 with the reason for a body that
cannot be read, 401, 404, 405, 408 for a body that does not come, 413, 415, 429 when more than \`maxRequests\` are in flight, 503 when the
channel refuses; the last two carry Retry-After. GET answers 200 as a health check.

Requests that wait at the same time share one batch, and its fate: when the channel refuses it, all of them get 503 and should be sent again
(at least once). Unlike Flume, bodies are kept as UTF-8 whatever charset the JSON came in, damaged JSON gets its reason, text/plain is not
read as JSON unless \`handler: json\` says so, and a client certificate cannot be demanded.`,
  config: httpFields,
  check: findConflicts,
  examples: [{
    title: "Receive JSON, NDJSON or lines and write them to files",
    yaml: `source: { type: http, port: 8080, bind: 127.0.0.1 }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: file_roll, directory: out }`,
  }],
  async create(config, context) {
    const codec = config.handler && await context.codec(config.handler);
    if (codec && !codec.decoder) throw new Error(`Codec "${config.handler!.plugin.name}" cannot decode`);
    const handler = config.handler && codec && { choice: config.handler, codec };
    const formats = new Formats({ handler, ndjson: config.ndjson });
    return { answers: true, run: (emit) => serve(emit, { config, context, formats }) };
  },
});

function findConflicts(config: HttpConfig) {
  const found: { key: string; text: string; fix: string }[] = [...tlsComplaints(config)];
  if ((config.username === undefined) !== (config.password === undefined)) {
    found.push({ key: "username", text: "username and password go together", fix: "set both" });
  }
  if (config.path !== undefined && !config.path.startsWith("/")) {
    found.push({
      key: "path",
      text: `path "${config.path}" does not start with /`,
      fix: `write /${config.path}`,
    });
  }
  if (String(config.SslContextFactory["needClientAuth"]) === "true") {
    const text = "client certificates cannot be demanded here, so anybody could post";
    found.push({ key: "SslContextFactory", text, fix: "use tokens, or put a proxy in front" });
  }
  return found;
}

interface ServeParts {
  readonly config: HttpConfig;
  readonly context: Context;
  readonly formats: Formats;
}

async function serve(emit: Emit, { config, context, formats }: ServeParts): Promise<void> {
  const { signal, clock, counters } = context;
  const limits = {
    maxRequests: config.maxRequests,
    maxBodyBytes: config.maxBodyBytes,
    bodyTimeoutMs: config.bodyTimeout,
    retryAfterSeconds: Math.ceil(config.retryAfter),
  };
  const intake = new Intake(emit, { formats, limits, context });
  const app = createApp({
    path: config.path,
    credentials: new Credentials(config),
    accept: (request) => intake.accept(request),
    onDenied: () => counters.add("AuthenticationFail"),
  });
  const forced = new AbortController();
  const server = await listen({ config, context, signal: forced.signal }, app.fetch);
  const slowBodies = intake.watchSlowBodies(signal);
  await Promise.race([server.finished, aborted(signal)]);
  const patience = new AbortController();
  const stopped = server.shutdown().finally(() => patience.abort());
  await clock.sleep(STOP_LIMIT_MS, patience.signal);
  if (!patience.signal.aborted) forced.abort();
  await stopped;
  await slowBodies;
}

interface ListenParts {
  readonly config: HttpConfig;
  readonly context: Context;
  readonly signal: AbortSignal;
}

async function listen(
  { config, context, signal }: ListenParts,
  answer: (request: Request) => Response | Promise<Response>,
): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const { bind: hostname, port } = config;
  const isEncrypted = config.ssl || config.enableSSL === true;
  const identity = await tlsIdentity({
    ...config,
    ssl: isEncrypted,
    "keystore-password": config["keystore-password"] ?? config.keystorePassword,
  });
  try {
    const server = Deno.serve({ hostname, port, signal, onListen() {}, ...identity }, answer);
    context.counters.set("Port", server.addr.port);
    context.log.info("Listening", { bind: hostname, port: server.addr.port, ssl: isEncrypted });
    return server;
  } catch (cause) {
    const fix = cause instanceof Deno.errors.AddrInUse
      ? "another program has the port; stop it or choose another port"
      : errorText(cause);
    throw new Error(`Cannot listen on ${hostname}:${port}: ${fix}`, { cause });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
