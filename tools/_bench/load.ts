import { fileURLToPath } from "node:url";
import { RUN_FLAGS } from "./agent.ts";

/** What a load generator did. */
export interface LoadResult {
  /** Requests or lines that were answered as they should be. */
  readonly accepted: number;
  /** Those that were refused. */
  readonly refused: number;
  readonly bytes: number;
  readonly ms: number;
  /** When it began, in milliseconds since 1970. */
  readonly startEpochMs: number;
}

/** Starts a load generator in a process of its own, waits until it is through, and gives what it did. */
export async function putLoad<Result = LoadResult>(
  script: "avro_load" | "http_load" | "kafka_load" | "line_load" | "syslog_load" | "thrift_load",
  order: unknown,
): Promise<Result> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...RUN_FLAGS, fileURLToPath(new URL(`./${script}.ts`, import.meta.url)), JSON.stringify(order)],
    stdin: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`The load generator failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** A port that nobody uses now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** True when somebody listens there. */
export async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
