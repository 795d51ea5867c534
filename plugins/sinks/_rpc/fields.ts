import { type Config, type Context, duration, host, int, port } from "sluice/plugin";
import { tlsClientFields } from "../_tls_client.ts";

/** Flume's limits for connecting and for calls … */
const DEFAULT_TIMEOUT_MS = 20_000;
/** … which it also takes where somebody writes less than this. */
const LEAST_TIMEOUT_MS = 1000;

/** The fields that all sinks share which call the next hop. */
export const rpcFields = {
  hostname: host({ net: "connect" }).describe("Host of the next hop."),
  port: port({ net: "connect" }).describe("Its TCP port."),
  "batch-size": int({ min: 1 }, { unit: "events" }).default(100).describe("Events in one call at most."),
  "connect-timeout": duration("ms").default(DEFAULT_TIMEOUT_MS).describe(
    "How long connecting may take; less than 1 s means 20 s, as in Flume.",
  ),
  "request-timeout": duration("ms").default(DEFAULT_TIMEOUT_MS).describe(
    "How long an answer may take; less than 1 s means 20 s, as in Flume. The connection is given up then.",
  ),
  "reset-connection-interval": duration("s").default(0).describe(
    "Connect anew this often, so that a balancer in between can move the sink to another host; 0 never does.",
  ),
  ...tlsClientFields,
};

/** What the fields of an RPC sink give. */
export type RpcSettings = Config<typeof rpcFields>;

/** The limits that hold, with a line in the log where they are not the ones that were written. */
export function rpcTimeouts(settings: RpcSettings, { log }: Context) {
  const limit = (key: "connect-timeout" | "request-timeout"): number => {
    const written = settings[key];
    if (written >= LEAST_TIMEOUT_MS) return written;
    log.warn(`${key} is below ${LEAST_TIMEOUT_MS} ms: ${DEFAULT_TIMEOUT_MS} ms are taken`, { written });
    return DEFAULT_TIMEOUT_MS;
  };
  return { connectTimeoutMs: limit("connect-timeout"), requestTimeoutMs: limit("request-timeout") };
}
