import {
  BlockPool,
  bool,
  type Config,
  type Context,
  defineSource,
  duration,
  type Emit,
  errorText,
  host,
  int,
  port,
  text,
} from "sluice/plugin";
import { Connection, type ConnectionParts } from "./_netcat/connection.ts";
import { LineLimit } from "./_netcat/line_limit.ts";

const BLOCK_BYTES = 256 * 1024;
const MAX_BLOCKS = 8;
const WATCH_MS = 1000;

const config = {
  bind: host().describe("Address to listen on."),
  port: port().describe("TCP port to listen on; 0 picks a free one."),
  "max-line-length": int({ min: 1 }, { unit: "characters" }).default(512)
    .describe("Longest line with its newline; a longer one is answered FAILED and ends the connection."),
  "ack-every-event": bool().default(true).describe(
    "Answer OK for every event, FAILED and the reason when it is refused.",
  ),
  encoding: text().default("utf-8").describe("Charset of what clients send; bodies are UTF-8 in any case."),
  maxConnections: int({ min: 1 }, { unit: "connections" }).default(1024)
    .describe("Clients at once; more are answered FAILED and closed."),
  idleTimeout: duration("s").default(0).describe(
    "Close clients that have sent nothing for so long; 0 never does.",
  ),
};

export default defineSource({
  name: "netcat",
  aliases: ["org.apache.flume.source.NetcatSource"],
  summary: "Listens on a TCP port and turns each line into an event.",
  about:
    "With `ack-every-event` each line is answered once its event is committed, in order; lines that arrive together are " +
    "committed together, and all of them answered FAILED when the channel refuses. Without it a full channel stops the " +
    "reading, and TCP holds the sender back: nothing is refused, but what the kernel holds is lost at a crash. As in Flume a " +
    "carriage return stays in the body, an empty line is an empty event, and a last line without newline is dropped. Unlike " +
    "Flume, UTF-8 is not decoded and encoded again: bytes that are no UTF-8 reach the body as they came.",
  config,
  check: ({ encoding }) =>
    isEncoding(encoding) ? [] : [{
      key: "encoding",
      text: `encoding "${encoding}" is not known`,
      fix: "write a label such as utf-8, iso-8859-1, gbk or utf-16le",
    }],
  examples: [{
    title: "Lines from nc to the log",
    yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
sink: { type: logger }`,
  }],
  create(settings, context) {
    const isAnswering = settings["ack-every-event"];
    return { answers: isAnswering, run: (emit) => serve(emit, settings, context) };
  },
});

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label) !== undefined;
  } catch {
    return false;
  }
}

async function serve(emit: Emit, settings: Config<typeof config>, context: Context): Promise<void> {
  const { encoding, maxConnections } = settings;
  const shared: Omit<ConnectionParts, "decoder"> = {
    emit,
    context,
    pool: new BlockPool({ blockBytes: BLOCK_BYTES, maxBlocks: MAX_BLOCKS }),
    limit: new LineLimit(settings["max-line-length"]),
    isAnswering: settings["ack-every-event"],
  };
  const isUtf8 = new TextDecoder(encoding).encoding === "utf-8";
  const listener = listen(settings, context);
  const open = new Map<Connection, Promise<void>>();
  const watching = closeIdle(open.keys.bind(open), settings.idleTimeout * 1000, context);
  for await (const conn of acceptAll(listener, context)) {
    if (open.size >= maxConnections) {
      refuse(conn, context);
      continue;
    }
    const connection = new Connection(conn, {
      ...shared,
      decoder: isUtf8 ? undefined : new TextDecoder(encoding),
    });
    open.set(connection, connection.run().finally(() => count(open.delete(connection))));
    count();
  }
  await Promise.all(open.values());
  await watching;

  function count(_changed?: boolean): void {
    context.counters.set("OpenConnectionCount", open.size);
  }
}

function listen({ bind: hostname, port }: Config<typeof config>, context: Context): Deno.TcpListener {
  try {
    const listener = Deno.listen({ hostname, port });
    context.counters.set("Port", listener.addr.port);
    context.log.info("Listening", { bind: hostname, port: listener.addr.port });
    return listener;
  } catch (cause) {
    const fix = cause instanceof Deno.errors.AddrInUse
      ? "another program has the port; stop it or choose another port"
      : errorText(cause);
    throw new Error(`Cannot listen on ${hostname}:${port}: ${fix}`, { cause });
  }
}

/** Gives connections until the signal aborts; a connection that breaks while it is accepted is none. */
async function* acceptAll(listener: Deno.TcpListener, { signal, log, clock }: Context) {
  const close = () => listener.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  while (!signal.aborted) {
    try {
      yield await listener.accept();
    } catch (cause) {
      if (signal.aborted) return;
      log.warn("Cannot accept a connection", { cause: errorText(cause) });
      await clock.sleep(100, signal);
    }
  }
}

function refuse(conn: Deno.TcpConn, { counters, log }: Context): void {
  counters.add("ConnectionRefusedCount");
  log.debug("Too many connections", { remote: conn.remoteAddr.hostname });
  const reason = new TextEncoder().encode("FAILED: Too many connections\n");
  conn.write(reason).catch(() => {}).finally(() => conn.close());
}

async function closeIdle(
  connections: () => Iterable<Connection>,
  limitMs: number,
  { clock, signal }: Context,
): Promise<void> {
  while (limitMs > 0 && !signal.aborted) {
    await clock.sleep(Math.min(WATCH_MS, limitMs / 2), signal);
    for (const connection of connections()) {
      if (connection.activeMs + limitMs < clock.now()) void connection.close();
    }
  }
}
