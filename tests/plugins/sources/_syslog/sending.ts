import type { AnyPlugin } from "sluice/plugin";
import { runSource, type SourceRun } from "../../../support/run_source.ts";
import { until } from "../../../support/until.ts";
import { eventsOf, type GoldenEvent } from "./golden.ts";

/** A source that listens, and a way to it. */
export interface Listening {
  readonly run: SourceRun;
  readonly port: number;
  connect(): Promise<Deno.TcpConn>;
  /** All events so far, bodies as latin1 text. */
  events(): GoldenEvent[];
}

/** Runs a source on a free port for the time of a test. */
export async function withListening(
  plugin: AnyPlugin,
  settings: Record<string, unknown>,
  use: (listening: Listening) => Promise<void>,
): Promise<void> {
  const run = runSource(plugin, settings);
  try {
    await until("the port", () => run.context.counters.get("Port") > 0);
    const port = run.context.counters.get("Port");
    await use({
      run,
      port,
      connect: () => Deno.connect({ hostname: "127.0.0.1", port }),
      events: () => run.batches.flatMap(eventsOf),
    });
  } finally {
    await run.stop();
  }
}

/** Writes all of a text, UTF-8 encoded. */
export async function send(conn: Deno.Conn, text: string): Promise<void> {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
}

/** Reads what the other side says until it ends the connection, in whatever way. */
export async function isClosed(conn: Deno.Conn): Promise<boolean> {
  try {
    while (await conn.read(new Uint8Array(1024)) !== null);
  } catch {
    // A reset is an end, too.
  }
  return true;
}
