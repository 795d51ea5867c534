import {
  type Context,
  countersJson,
  type CounterSnapshot,
  defineReporter,
  errorText,
  host,
  port,
} from "sluice/plugin";
import { isLocalRequest, isLoopback } from "../../protocols/loopback.ts";

const JSON_TYPE = "application/json;charset=utf-8";
const INDEX = 'For the counters click <a href="./metrics">here</a>.\n';

export default defineReporter({
  name: "http",
  aliases: ["org.apache.flume.instrumentation.http.HTTPMetricsServer"],
  summary: "Answers GET /metrics with all counters as Flume's JSON.",
  about: 'The answer is Flume\'s: `{"SOURCE.in": {"EventReceivedCount": "17", …}, …}`, every value a text. ' +
    "Flume's server listens on every interface; this one on loopback, unless `bind` says otherwise. On loopback it answers only " +
    "requests whose `Host` is a name of loopback, so that no web page can read it. The admin server (`admin:`) gives the same at " +
    "`/metrics.json`, beside metrics for Prometheus.",
  config: {
    port: port().default(41414).describe("Port to listen on; 0 picks a free one."),
    bind: host({ net: "listen-host", alias: ["hosts"] }).default("127.0.0.1")
      .describe("Address to listen on; 0.0.0.0 is every interface."),
  },
  examples: [{
    title: "Flume's JSON on Flume's port",
    yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
sink: { type: logger }
monitoring: { type: http, port: 41414 }`,
  }],
  create: (config, context) => ({ serve: (look) => serve(config, look, context) }),
});

interface Place {
  readonly port: number;
  readonly bind: string;
}

async function serve(
  { port, bind }: Place,
  look: () => CounterSnapshot,
  { log, signal, counters }: Context,
): Promise<void> {
  const isLocal = isLoopback(bind);
  const answer = (request: Request): Response => {
    if (isLocal && !isLocalRequest(request.headers.get("host"))) {
      return new Response("This server answers only to names of loopback\n", { status: 403 });
    }
    return answerOf(request, look);
  };
  const server = listen({ port, bind }, answer, signal);
  counters.set("Port", server.addr.port);
  const note = isLocal
    ? "Flume's monitor listens on every interface, this one on loopback: -Dflume.monitoring.bind=0.0.0.0 changes that"
    : "The counters can be read by everybody who reaches this port";
  log.info("Listening", { port: server.addr.port, bind, note });
  await server.finished;
}

function listen(
  { port, bind }: Place,
  answer: (request: Request) => Response,
  signal: AbortSignal,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    const onError = () => new Response("Failed\n", { status: 500 });
    return Deno.serve({ port, hostname: bind, signal, onListen: () => {}, onError }, answer);
  } catch (cause) {
    const isTaken = cause instanceof Deno.errors.AddrInUse;
    const why = isTaken ? "another program has the port; stop it or choose another port" : errorText(cause);
    throw new Error(`Cannot listen on ${bind}:${port}: ${why}`, { cause });
  }
}

/** The paths, and the methods that are refused, are those of Flume's server. */
function answerOf({ url, method }: Request, look: () => CounterSnapshot): Response {
  const { pathname } = new URL(url);
  if (method === "TRACE" || method === "OPTIONS") return new Response(null, { status: 403 });
  if (pathname === "/") {
    return new Response(INDEX, { headers: { "content-type": "text/html;charset=utf-8" } });
  }
  if (pathname.toLowerCase() !== "/metrics") return new Response("Not found\n", { status: 404 });
  return new Response(countersJson(look()), { headers: { "content-type": JSON_TYPE } });
}
