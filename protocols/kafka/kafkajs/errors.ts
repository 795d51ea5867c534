// What kafkajs rejects with, as a KafkaError.
import { KafkaError, kafkaError } from "../kafka_error.ts";

/** The parts of kafkajs's errors that are looked at. */
interface LibraryError extends Error {
  /** Kafka's number, in errors that a broker has answered with; a system's word in errors of a socket. */
  readonly code?: number | string;
  readonly type?: string;
  readonly broker?: string;
  readonly retriable?: boolean;
}

/** Names of kafkajs's own errors, and what they are here. */
const CODES: Readonly<Record<string, string>> = {
  KafkaJSConnectionError: "CONNECTION",
  KafkaJSConnectionClosedError: "CONNECTION",
  KafkaJSBrokerNotFound: "CONNECTION",
  KafkaJSNoBrokerAvailableError: "CONNECTION",
  KafkaJSMetadataNotLoaded: "LEADER_NOT_AVAILABLE",
  KafkaJSTopicMetadataNotLoaded: "LEADER_NOT_AVAILABLE",
  KafkaJSGroupCoordinatorNotFound: "COORDINATOR_NOT_AVAILABLE",
  KafkaJSRequestTimeoutError: "TIMEOUT",
  KafkaJSLockTimeout: "TIMEOUT",
  KafkaJSTimeout: "TIMEOUT",
  KafkaJSSASLAuthenticationError: "AUTHENTICATION",
  KafkaJSServerDoesNotSupportApiKey: "UNSUPPORTED_VERSION",
  KafkaJSNotImplemented: "UNSUPPORTED_VERSION",
};

/** Errors that say no more than that kafkajs has given up; the cause says why. */
const WRAPPERS = new Set(["KafkaJSNumberOfRetriesExceeded", "KafkaJSNonRetriableError"]);

/**
 * Turns what kafkajs rejects with into a `KafkaError`.
 * @param where what was being done: `Produce to app/3`.
 */
export function fromKafkajs(thrown: unknown, where: string): KafkaError {
  if (thrown instanceof KafkaError) return thrown;
  const cause = innermost(thrown);
  // kafkajs puts UNKNOWN (-1) for what it does not know, too.
  if (typeof cause.code === "number" && cause.type !== undefined) {
    return kafkaError(cause.code, where, { cause });
  }
  // The one plain error that kafkajs throws when there is no connection.
  const code = CODES[cause.name] ?? (cause.message === "Broker not connected" ? "CONNECTION" : "CLIENT");
  const text = `${where}${cause.broker === undefined ? "" : ` at ${cause.broker}`}: ${cause.message}`;
  const canRetry = code === "CLIENT" ? cause.retriable !== false : code !== "UNSUPPORTED_VERSION";
  const fix = code === "AUTHENTICATION" ? " (check user name and password)" : "";
  return new KafkaError(text + fix, { code, canRetry, cause });
}

function innermost(thrown: unknown): LibraryError {
  let error = thrown instanceof Error ? thrown as LibraryError : new Error(String(thrown)) as LibraryError;
  while (WRAPPERS.has(error.name) && error.cause instanceof Error) error = error.cause as LibraryError;
  return error;
}
