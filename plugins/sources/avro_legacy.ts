import {
  bytes,
  type Config,
  type Context,
  defineSource,
  duration,
  type Emit,
  errorText,
  EventBatch,
  host,
  int,
  port,
} from "sluice/plugin";
import { legacyAnswer, LegacyCalls } from "../../protocols/avro_rpc/legacy.ts";
import { readInTime } from "./_avro/request_body.ts";

const CONTENT_TYPE = "avro/binary";
const STOP_LIMIT_MS = 5000;

const config = {
  host: host().describe("Address to listen on."),
  port: port().describe("TCP port to listen on; 0 picks a free one."),
  maxEventBytes: bytes().default(1024 * 1024).describe("Longest request, which is one event; more get 413."),
  maxRequests: int({ min: 1 }, { unit: "requests" }).default(256)
    .describe("Requests in flight at most; more get 503."),
  bodyTimeout: duration("ms").default(30_000).describe("How long a request may take to arrive."),
};

export default defineSource({
  name: "avro_legacy",
  aliases: ["avroLegacy", "org.apache.flume.source.avroLegacy.AvroLegacySource"],
  summary: "Receives events from agents of Flume 0.9.4 by Avro over HTTP.",
  about:
    "Speaks FlumeOGEventAvroServer (`append`) over Avro's HTTP transport, one event a request. Fields of an event become the " +
    "headers `host`, `timestamp`, `pri`, `nanos`, the entries of its map headers of the same name, and `FlumeOG` says `yes`. A " +
    "client whose protocol is not known is asked for it and its events are read by it.\n\n" +
    "A request is answered once its event is committed. Unlike Flume, which answers as if all was well and drops the event " +
    "when the channel is full, a full channel makes the answer wait; and entries of the map are their text, where Flume " +
    "writes what Java calls the buffer.",
  config,
  examples: [{
    title: "Take over from the last agents of Flume 0.9.4",
    yaml: `source: { type: avro_legacy, host: 127.0.0.1, port: 41415 }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: file_roll, directory: out }`,
  }],
  create: (settings, context) => ({ run: (emit) => new LegacyServer(settings, context, emit).run() }),
});

/** Answers requests until the source stops. */
class LegacyServer {
  readonly #settings: Config<typeof config>;
  readonly #context: Context;
  readonly #emit: Emit;
  readonly #calls = new LegacyCalls();
  #requests = 0;

  constructor(settings: Config<typeof config>, context: Context, emit: Emit) {
    this.#settings = settings;
    this.#context = context;
    this.#emit = emit;
  }

  async run(): Promise<void> {
    const { host: hostname, port } = this.#settings;
    const { signal, counters, log, clock } = this.#context;
    const forced = new AbortController();
    const server = Deno.serve(
      { hostname, port, signal: forced.signal, onListen() {} },
      (request, { remoteAddr }) => this.#answer(request, remoteAddr),
    );
    counters.set("Port", server.addr.port);
    log.info("Listening", { host: hostname, port: server.addr.port });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const patience = new AbortController();
    const stopped = server.shutdown().finally(() => patience.abort());
    await clock.sleep(STOP_LIMIT_MS, patience.signal);
    if (!patience.signal.aborted) forced.abort();
    await stopped;
  }

  async #answer(request: Request, remote: Deno.NetAddr): Promise<Response> {
    if (request.method !== "POST") return refusal(405, "Avro calls are posted");
    if (this.#requests >= this.#settings.maxRequests) return refusal(503, "Too many requests");
    this.#requests++;
    try {
      return await this.#append(request);
    } catch (cause) {
      return this.#refuse(cause, remote);
    } finally {
      this.#requests--;
    }
  }

  async #append(request: Request): Promise<Response> {
    const { maxEventBytes: maxBytes, bodyTimeout: timeoutMs } = this.#settings;
    const body = await readInTime(request, { maxBytes, timeoutMs });
    if (!body) {
      return refusal(413, `The request exceeds ${maxBytes} bytes or takes more than ${timeoutMs} ms`);
    }
    const call = this.#calls.read(body);
    if (call.event) {
      await this.#emit.ready;
      await this.#emit(EventBatch.from([call.event]));
    }
    return new Response(legacyAnswer(call), { headers: { "content-type": CONTENT_TYPE } });
  }

  #refuse(cause: unknown, { hostname, port }: Deno.NetAddr): Response {
    const { counters, log } = this.#context;
    if (!(cause instanceof RangeError || cause instanceof SyntaxError)) return refusal(503, errorText(cause));
    counters.add("EventReadFail");
    log.warn(`Refused a request: ${hostname}:${port} sent no call`, { cause: errorText(cause) });
    return refusal(400, errorText(cause));
  }
}

function refusal(status: number, text: string): Response {
  return new Response(`${text}\n`, { status });
}
