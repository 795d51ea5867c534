import { startFlume } from "../../tests/peers/flume/flume.ts";
import { confText, type Settings } from "../../tests/peers/conf_text.ts";
import { startServer } from "../../tests/servers/mod.ts";
import { until } from "../../tests/support/until.ts";
import { Agent } from "./agent.ts";
import type { Lab } from "./lab.ts";
import { freePort, isListening } from "./load.ts";
import { type ProcessStats, readProcess } from "./process_stats.ts";

/** One of the two programs that are compared. */
export type Program = "Sluice" | "Flume";

/** An agent that receives, and throws away what it has received. */
export interface Receiver {
  readonly program: Program;
  readonly port: number;
  stats(): ProcessStats | undefined;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The same settings for both. */
const CHANNEL: Settings = { type: "memory", capacity: 10_000, transactionCapacity: 1000 };
const SINK: Settings = { type: "null", batchSize: 1000 };

/** Where Flume's classes are; undefined, and the reason on the console, where it is not installed. */
export async function flumeClasspath(): Promise<string | undefined> {
  const server = await startServer("flume");
  await server?.stop();
  return server?.env.FLUME_CLASSPATH;
}

/** Starts a source → memory → null in one of the programs. */
export async function startReceiver(
  program: Program,
  source: Settings,
  { folder, lab, classpath }: { readonly folder: string; readonly lab: Lab; readonly classpath: string },
): Promise<Receiver> {
  const port = freePort();
  // Flume's syslog sources call the address a host.
  const whole = { ...source, [`${source.type}`.startsWith("syslog") ? "host" : "bind"]: "127.0.0.1", port };
  if (program === "Sluice") {
    const agent = await Agent.start({ source: whole, channel: CHANNEL, sink: SINK }, folder, lab);
    await agent.until("it listened", () => isListening(port));
    return {
      program,
      port,
      stats: () => agent.stats(),
      [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
    };
  }
  const conf = confText({
    "sources.r": { ...whole, channels: "c" },
    "channels.c": CHANNEL,
    "sinks.k": { ...SINK, channel: "c" },
  });
  const peer = await startFlume({ classpath, name: "a1", conf, folder, heap: "1g" });
  await until("Flume to listen", () => isListening(port));
  return { program, port, stats: () => readProcess(peer.pid), [Symbol.asyncDispose]: () => peer.kill() };
}
