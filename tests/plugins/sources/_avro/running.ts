import avro from "../../../../plugins/sources/avro.ts";
import { runSource, type SourceRun } from "../../../support/run_source.ts";
import { until } from "../../../support/until.ts";

/** A source at work, and connections to it. */
export interface RunningAvro {
  readonly run: SourceRun;
  readonly port: number;
  connect(): Promise<Deno.TcpConn>;
}

/** Runs an avro source on a free port until `use` is done. */
export async function withAvroSource(
  settings: Record<string, unknown>,
  use: (running: RunningAvro) => Promise<void>,
): Promise<SourceRun> {
  const run = runSource(avro, { bind: "127.0.0.1", port: 0, ...settings });
  try {
    await until("the port", () => run.context.counters.get("Port") > 0);
    const port = run.context.counters.get("Port");
    await use({ run, port, connect: () => Deno.connect({ hostname: "127.0.0.1", port }) });
  } finally {
    await run.stop();
  }
  return run;
}

/** Writes all bytes, in pieces of some length. */
export async function send(conn: Deno.Conn, bytes: Uint8Array, pieceBytes = bytes.length): Promise<void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (let rest = bytes.subarray(at, at + pieceBytes); rest.length > 0;) {
      rest = rest.subarray(await conn.write(rest));
    }
  }
}

/** Reads so many bytes, or fewer where the connection ends before. */
export async function readBytes(conn: Deno.Conn, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(bytes);
  let size = 0;
  while (size < bytes) {
    const read = await conn.read(buffer.subarray(size)).catch(() => null);
    if (read === null) break;
    size += read;
  }
  return buffer.subarray(0, size);
}

/** Waits until the other side has closed the connection; gives what came before. */
export async function readToEnd(conn: Deno.Conn): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await readBytes(conn, 1024 * 1024);
  conn.close();
  return answer;
}

/** All warnings that a source has logged. */
export function warnings({ context }: SourceRun): string[] {
  return context.lines.filter(({ level }) => level === "warn").map(({ text, properties }) =>
    properties?.cause === undefined ? text : `${text}: ${properties.cause}`
  );
}
