import { type Context, errorText } from "sluice/plugin";
import type { ServerIdentity } from "../../../protocols/tls.ts";

/** One client of a TCP source. */
export interface ServedConnection {
  /** When the client last sent something, in epoch ms. */
  readonly activeMs: number;
  /** Runs until the client ends, breaks a rule, or is closed. Never rejects. */
  run(): Promise<void>;
  /** Ends it, once answers that are owed are written. */
  close(): Promise<void> | void;
}

/** Where a TCP source listens, and whom it serves. */
export interface TcpOptions {
  readonly bind: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Clients at once; one more is sent the farewell and closed. */
  readonly maxConnections: number;
  /** Clients that have sent nothing for so long are closed; 0 never does. */
  readonly idleTimeoutMs: number;
  /** Set: clients must speak TLS. */
  readonly identity?: ServerIdentity | undefined;
  /** Whether a client may connect at all. */
  readonly accepts?: ((remote: Deno.NetAddr) => boolean | Promise<boolean>) | undefined;
  readonly farewell?: Uint8Array | undefined;
  /** Makes the part that serves one client. */
  open(conn: Deno.Conn): ServedConnection;
}

const WATCH_MS = 1000;

/**
 * Listens and runs each connection until the signal aborts and all connections have ended. Keeps the counters
 * OpenConnectionCount, ConnectionRefusedCount and Port.
 * @throws {Error} when it cannot listen.
 */
export async function serveTcp(options: TcpOptions, context: Context): Promise<void> {
  const listener = listen(options, context);
  const open = new Map<ServedConnection, Promise<void>>();
  const watching = closeIdle(open.keys.bind(open), options.idleTimeoutMs, context);
  const count = () => context.counters.set("OpenConnectionCount", open.size);
  for await (const conn of acceptAll(listener, context)) {
    if (open.size >= options.maxConnections) refuse(conn, "Too many connections", { options, context });
    else if (options.accepts && !await options.accepts(conn.remoteAddr as Deno.NetAddr)) {
      refuse(conn, "The address may not connect", { options, context });
    } else {
      const connection = options.open(conn);
      const running = connection.run().finally(() => {
        open.delete(connection);
        count();
      });
      open.set(connection, running);
      count();
    }
  }
  await Promise.all(open.values());
  await watching;
}

function listen({ bind: hostname, port, identity }: TcpOptions, context: Context): Deno.Listener {
  try {
    const listener = identity
      ? Deno.listenTls({ hostname, port, ...identity })
      : Deno.listen({ hostname, port });
    const bound = (listener.addr as Deno.NetAddr).port;
    context.counters.set("Port", bound);
    context.log.info("Listening", { bind: hostname, port: bound, ...identity && { ssl: true } });
    return listener;
  } catch (cause) {
    const fix = cause instanceof Deno.errors.AddrInUse
      ? "another program has the port; stop it or choose another port"
      : errorText(cause);
    throw new Error(`Cannot listen on ${hostname}:${port}: ${fix}`, { cause });
  }
}

/** Gives connections until the signal aborts; a connection that breaks while it is accepted is none. */
async function* acceptAll(listener: Deno.Listener, { signal, log, clock }: Context) {
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

function refuse(
  conn: Deno.Conn,
  why: string,
  { options, context }: { readonly options: TcpOptions; readonly context: Context },
): void {
  context.counters.add("ConnectionRefusedCount");
  context.log.debug(why, { remote: (conn.remoteAddr as Deno.NetAddr).hostname });
  const said = options.farewell && !options.identity ? conn.write(options.farewell) : Promise.resolve();
  said.catch(() => {}).finally(() => conn.close());
}

async function closeIdle(
  connections: () => Iterable<ServedConnection>,
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
