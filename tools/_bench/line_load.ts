// Runs as a process of its own: sends lines on some connections, counts their answers, and prints a LoadResult.
import { makeLines } from "./access_log.ts";
import type { LoadResult } from "./load.ts";

/** What to send, and where. */
export interface LineOrder {
  readonly port: number;
  readonly connections: number;
  /** Of all connections together. */
  readonly bytes: number;
  /** Each line is answered `OK`. */
  readonly isAnswered: boolean;
}

const UNIT_BYTES = 4 * 2 ** 20;
const WRITE_BYTES = 256 * 1024;
const OK_BYTES = 3;

async function send(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += await conn.write(bytes.subarray(offset, offset + WRITE_BYTES));
  }
}

/** Sends its share; returns the answers that came. */
async function talk(order: LineOrder, unit: Uint8Array, lines: number): Promise<number> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: order.port });
  const units = Math.max(1, Math.round(order.bytes / order.connections / unit.length));
  const answers = order.isAnswered ? countAnswers(conn, units * lines) : Promise.resolve(units * lines);
  for (let at = 0; at < units; at++) await send(conn, unit);
  return await answers;
}

async function countAnswers(conn: Deno.Conn, lines: number): Promise<number> {
  const answer = new Uint8Array(256 * 1024);
  let bytes = 0;
  while (bytes < lines * OK_BYTES) {
    const read = await conn.read(answer);
    if (read === null) break;
    bytes += read;
  }
  return Math.floor(bytes / OK_BYTES);
}

async function run(order: LineOrder): Promise<LoadResult> {
  const unit = makeLines(Math.min(UNIT_BYTES, order.bytes / order.connections));
  let lines = 0;
  for (let at = unit.indexOf(10); at >= 0; at = unit.indexOf(10, at + 1)) lines++;
  const units = Math.max(1, Math.round(order.bytes / order.connections / unit.length));
  const startMs = performance.now();
  const accepted = await Promise.all(
    Array.from({ length: order.connections }, () => talk(order, unit, lines)),
  );
  const sum = accepted.reduce((a, b) => a + b, 0);
  return {
    accepted: sum,
    refused: order.connections * units * lines - sum,
    bytes: order.connections * units * unit.length,
    ms: performance.now() - startMs,
    startEpochMs: performance.timeOrigin + startMs,
  };
}

if (import.meta.main) console.log(JSON.stringify(await run(JSON.parse(Deno.args[0]!))));
