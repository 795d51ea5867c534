// Calls the APIs of a broker in the newest version that it and the library know.
import * as library from "@platformatic/kafka";
import type { ApiRange, BrokerConnection } from "./connection.ts";
import { fromLibraryError, KafkaError } from "./kafka_error.ts";

interface LibraryApi {
  readonly api: { readonly async: (connection: unknown, ...args: readonly unknown[]) => Promise<unknown> };
}

/** Who we say that we are. */
const SOFTWARE = ["sluice", "1"] as const;

/** Versions that a call may have; its arguments differ from one to the other. */
export type ApiLimits = Partial<ApiRange>;

/**
 * Calls an API by its name in the protocol guide, with the arguments of the library's function for it.
 * @throws {KafkaError} for what the broker answers with, and when there is no version that both sides know.
 */
export async function call<Answer>(
  connection: BrokerConnection,
  { name, args, limits = {} }: { name: string; args: readonly unknown[]; limits?: ApiLimits },
): Promise<Answer> {
  const version = apiVersion(connection, name, { min: limits.min ?? 0, max: limits.max ?? 100 });
  try {
    return await find(name, version)!.api.async(connection, ...args) as Answer;
  } catch (cause) {
    throw fromLibraryError(cause, `${name} to ${connection.name}`);
  }
}

/**
 * The newest version of an API between two limits.
 * @throws {KafkaError} when the broker offers none that the library knows.
 */
export function apiVersion(connection: BrokerConnection, name: string, limits: ApiRange): number {
  const offered = connection.versions.get(name);
  const newest = Math.min(offered?.max ?? -1, limits.max);
  for (let version = newest; version >= Math.max(offered?.min ?? 0, limits.min); version--) {
    if (find(name, version)) return version;
  }
  const range = offered ? `offers ${name} ${offered.min}–${offered.max}` : `does not offer ${name}`;
  const fix = "brokers from Kafka 3.0 on are spoken to; for older ones set client: kafkajs";
  throw new KafkaError(`The broker ${connection.name} ${range}: ${fix}`, { code: "UNSUPPORTED_VERSION" });
}

/** Asks a broker what it can do. */
export async function readVersions(connection: BrokerConnection): Promise<ReadonlyMap<string, ApiRange>> {
  try {
    const { apiKeys } = await library.apiVersionsV3.api.async(connection as never, ...SOFTWARE) as {
      apiKeys: readonly { name: string | undefined; minVersion: number; maxVersion: number }[];
    };
    const known = apiKeys.filter(({ name }) => name !== undefined);
    return new Map(
      known.map(({ name, minVersion, maxVersion }) => [name!, { min: minVersion, max: maxVersion }]),
    );
  } catch (cause) {
    const error = fromLibraryError(cause, `ApiVersions to ${connection.name}`);
    if (error.code !== "UNSUPPORTED_VERSION") throw error;
    const text = `The broker ${connection.name} is older than Kafka 2.4: set client: kafkajs`;
    throw new KafkaError(text, { code: "UNSUPPORTED_VERSION", cause });
  }
}

function find(name: string, version: number): LibraryApi | undefined {
  const key = `${name[0]!.toLowerCase()}${name.slice(1)}V${version}`;
  return (library as unknown as Record<string, LibraryApi | undefined>)[key];
}
