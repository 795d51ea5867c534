import assert from "node:assert/strict";
import type { EventBatch } from "sluice/plugin";
import thrift from "../../../../plugins/sources/thrift.ts";
import { runSource, type SourceRun } from "../../../support/run_source.ts";
import { until } from "../../../support/until.ts";

/** A thrift source at work, and clients of it. */
export interface ThriftRun {
  readonly run: SourceRun;
  connect(): Promise<Deno.TcpConn>;
  /** Sends all, ends the sending, and reads to the end. */
  exchange(...sent: readonly Uint8Array[]): Promise<Uint8Array>;
}

/** Runs a source for a test, which it must outlive. */
export async function withThrift(
  settings: Record<string, unknown>,
  use: (running: ThriftRun) => Promise<void>,
): Promise<void> {
  const run = runSource(thrift, { bind: "127.0.0.1", port: 0, ...settings });
  try {
    await until("the port", () => run.context.counters.get("Port") > 0);
    const connect = () => Deno.connect({ hostname: "127.0.0.1", port: run.context.counters.get("Port") });
    await use({ run, connect, exchange: async (...sent) => await exchange(await connect(), sent) });
  } finally {
    await run.stop();
  }
}

async function exchange(conn: Deno.TcpConn, sent: readonly Uint8Array[]): Promise<Uint8Array> {
  const answers = readToEnd(conn);
  try {
    for (const bytes of sent) await send(conn, bytes);
    await conn.closeWrite();
  } catch {
    // The source has closed the connection already.
  }
  return await answers;
}

/** Sends all bytes. */
export async function send(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await conn.write(rest));
}

/** Reads until the source closes the connection, and closes this end. */
export async function readToEnd(conn: Deno.Conn): Promise<Uint8Array> {
  const read: number[] = [];
  const chunk = new Uint8Array(4096);
  try {
    for (let bytes = await conn.read(chunk); bytes !== null; bytes = await conn.read(chunk)) {
      read.push(...chunk.subarray(0, bytes));
    }
  } catch {
    // A reset: the source closed with bytes unread.
  }
  conn.close();
  return Uint8Array.from(read);
}

/** Reads so many bytes. */
export async function readBytes(conn: Deno.Conn, bytes: number): Promise<Uint8Array> {
  const read = new Uint8Array(bytes);
  for (let offset = 0; offset < bytes;) {
    const got = await conn.read(read.subarray(offset));
    assert.ok(got !== null, `The source closed after ${offset} of ${bytes} bytes`);
    offset += got;
  }
  return read;
}

/** All events of batches in the form of GOLDEN_EVENTS. */
export function plainEvents(batches: readonly EventBatch[]) {
  return batches.flatMap((batch) =>
    Array.from(batch, ({ headers, body }) => ({ headers: { ...headers }, body: Array.from(body) }))
  );
}
