import { type CommandError, usageError } from "../exit.ts";
import { propertyPairs } from "../_flume/property_pairs.ts";

/** A host of a client. */
export interface Host {
  readonly hostname: string;
  readonly port: number;
}

/** How events are sent, in the words of Flume's client properties. */
export interface ClientSettings {
  readonly type: (typeof TYPES)[number];
  readonly hosts: readonly Host[];
  readonly batchSize: number;
  /** Tries of one call. */
  readonly maxAttempts: number;
  readonly isRandom: boolean;
  /** How long a host that failed is left out at most; 0: not at all. */
  readonly maxBackoffMs: number;
  /** What goes to the sink that makes the calls. */
  readonly sinkFields: Readonly<Record<string, string>>;
}

/** Batches of this size go out when host and port are given on the command line. */
const SMALL_BATCH = 5;
const TYPES = ["default", "default_failover", "default_loadbalance", "thrift"] as const;
/** Their classes, which Flume takes as well. */
const CLASSES: Readonly<Record<string, (typeof TYPES)[number]>> = {
  "org.apache.flume.api.nettyavrorpcclient": "default",
  "org.apache.flume.api.failoverrpcclient": "default_failover",
  "org.apache.flume.api.loadbalancingrpcclient": "default_loadbalance",
  "org.apache.flume.api.thriftrpcclient": "thrift",
};
const OWN = new Set([
  "client.type",
  "hosts",
  "batch-size",
  "max-attempts",
  "host-selector",
  "backoff",
  "maxBackoff",
]);

/** The settings of a client that gets host and port. */
export function plainClient(host: Host): ClientSettings {
  const [maxAttempts, isRandom, maxBackoffMs, sinkFields] = [1, false, 0, {}];
  return {
    type: "default",
    hosts: [host],
    batchSize: SMALL_BATCH,
    maxAttempts,
    isRandom,
    maxBackoffMs,
    sinkFields,
  };
}

/**
 * Reads the properties of a client.
 * @throws {CommandError} when a value cannot be used.
 */
export function clientSettings(text: string, file: string): ClientSettings {
  const pairs = new Map(propertyPairs(text).map(([key, value]) => [key, value.trim()]));
  const read = new PropertyReader(pairs, file);
  const type = CLASSES[read.text("client.type").toLowerCase()] ?? read.choice("client.type", TYPES);
  const aliases = read.text("hosts").split(/\s+/).filter((alias) => alias !== "");
  const hosts = aliases.map((alias) => read.host(`hosts.${alias}`));
  if (hosts.length < (type === "default_loadbalance" ? 2 : 1)) {
    const fix = "write hosts = h1 h2, and hosts.h1 = name:port for each";
    throw read.fault("hosts", "names too few hosts", fix);
  }
  const sinkFields = Object.fromEntries([...pairs].filter(([key]) => !OWN.has(key) && !/^hosts\./.test(key)));
  return {
    type,
    hosts: /^default_/.test(type) ? hosts : hosts.slice(0, 1),
    batchSize: read.number("batch-size", { least: 1, fallback: 100 }),
    maxAttempts: read.number("max-attempts", { least: 0, fallback: 0 }) || hosts.length,
    isRandom: read.choice("host-selector", ["round_robin", "random"]) === "random",
    maxBackoffMs: read.text("backoff").toLowerCase() === "true"
      ? read.number("maxBackoff", { least: 0, fallback: 0 }) || 30_000
      : 0,
    sinkFields,
  };
}

class PropertyReader {
  readonly #pairs: ReadonlyMap<string, string>;
  readonly #file: string;

  constructor(pairs: ReadonlyMap<string, string>, file: string) {
    this.#pairs = pairs;
    this.#file = file;
  }

  text(key: string): string {
    return this.#pairs.get(key) ?? "";
  }

  /** The first choice is the default; case does not matter, as in Flume. */
  choice<const T extends string>(key: string, choices: readonly T[]): T {
    const written = this.text(key);
    if (written === "") return choices[0]!;
    const chosen = choices.find((one) => one === written.toLowerCase());
    if (chosen !== undefined) return chosen;
    throw this.fault(key, `cannot be "${written}"`, `write one of ${choices.join(", ")}`);
  }

  number(key: string, { least, fallback }: { readonly least: number; readonly fallback: number }): number {
    const written = this.text(key);
    if (written === "") return fallback;
    if (/^\d{1,9}$/.test(written) && Number(written) >= least) return Number(written);
    throw this.fault(key, `cannot be "${written}"`, `write a whole number from ${least} to 999999999`);
  }

  host(key: string): Host {
    const written = this.text(key);
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(written) ?? [];
    const hostname = bracketed ?? plain;
    if (hostname !== undefined && Number(port) <= 65535) return { hostname, port: Number(port) };
    throw this.fault(
      key,
      written === "" ? "is missing" : `cannot be "${written}"`,
      `write ${key} = name:port`,
    );
  }

  fault(key: string, text: string, fix: string): CommandError {
    return usageError(`${this.#file}: ${key} ${text}`, fix);
  }
}
