// What goes wrong between a client and its brokers. Codes are those of Kafka's protocol guide ("Error Codes"), and a few of
// our own for what has none there.
import { protocolErrors, protocolErrorsCodesById } from "@platformatic/kafka";

/** Our own codes, and whether trying again may help. */
const OWN_CODES: Readonly<Record<string, boolean>> = {
  CONNECTION: true,
  TIMEOUT: true,
  AUTHENTICATION: true,
  FRAME: true,
  UNSUPPORTED_VERSION: false,
  CORRUPT_RECORD: true,
  UNKNOWN_TOPIC: true,
  CLOSED: false,
};

/** Codes after which metadata or coordinators must be asked for again. */
const STALE_CODES = new Set([
  "UNKNOWN_TOPIC_OR_PARTITION",
  "LEADER_NOT_AVAILABLE",
  "NOT_LEADER_OR_FOLLOWER",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "UNKNOWN_TOPIC_ID",
  "INCONSISTENT_TOPIC_ID",
  "KAFKA_STORAGE_ERROR",
  "REPLICA_NOT_AVAILABLE",
  "BROKER_NOT_AVAILABLE",
  "NOT_COORDINATOR",
  "COORDINATOR_NOT_AVAILABLE",
  "CONNECTION",
  "TIMEOUT",
]);

/** What an operator can do. */
const FIXES: Readonly<Record<string, string>> = {
  UNKNOWN_TOPIC_OR_PARTITION: "create the topic, or allow the brokers to (auto.create.topics.enable)",
  UNKNOWN_TOPIC: "create the topic, or allow the brokers to (auto.create.topics.enable)",
  TOPIC_AUTHORIZATION_FAILED: "grant the user READ or WRITE on the topic",
  GROUP_AUTHORIZATION_FAILED: "grant the user READ on the group",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "grant the user WRITE on the transactional id",
  CLUSTER_AUTHORIZATION_FAILED: "grant the user IDEMPOTENT_WRITE on the cluster",
  SASL_AUTHENTICATION_FAILED: "check user name and password",
  UNSUPPORTED_SASL_MECHANISM: "choose a mechanism that the broker has enabled (sasl.mechanism)",
  NOT_ENOUGH_REPLICAS: "fewer replicas are in sync than min.insync.replicas asks for; look at the brokers",
  MESSAGE_TOO_LARGE: "raise max.message.bytes of the topic",
  INVALID_TOPIC_EXCEPTION: "topic names have letters, digits, '.', '_' and '-', 249 at most",
  PRODUCER_FENCED: "another producer uses the same transactional.id; give each agent its own",
  INVALID_PRODUCER_EPOCH: "another producer uses the same transactional.id; give each agent its own",
  FENCED_INSTANCE_ID: "another member uses the same group.instance.id; give each agent its own",
  INVALID_TRANSACTION_TIMEOUT: "lower transaction.timeout.ms below the brokers' transaction.max.timeout.ms",
  INVALID_SESSION_TIMEOUT:
    "choose session.timeout.ms between the brokers' group.min.session.timeout.ms and its maximum",
  INCONSISTENT_GROUP_PROTOCOL: "let all members of the group share a partition.assignment.strategy",
  UNSUPPORTED_COMPRESSION_TYPE: "choose a compression that the brokers know",
};

/** A request to a broker failed, or could not be made. */
export class KafkaError extends Error {
  override readonly name = "KafkaError";
  /** Kafka's name of the error, or one of ours such as CONNECTION, TIMEOUT, AUTHENTICATION, UNSUPPORTED_VERSION. */
  readonly code: string;
  /** The same request may succeed later. */
  readonly canRetry: boolean;

  constructor(text: string, about: { code: string; canRetry?: boolean | undefined; cause?: unknown }) {
    super(text, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = about.code;
    this.canRetry = about.canRetry ?? OWN_CODES[about.code] ??
      (protocolErrors as Record<string, { canRetry: boolean } | undefined>)[about.code]?.canRetry ?? false;
  }

  /** What is known of topics, leaders and coordinators may be out of date. */
  get isStale(): boolean {
    return STALE_CODES.has(this.code);
  }
}

/**
 * Makes the error of a code that a broker has answered with.
 * @param where what was asked, and of whom: `Produce to app/3 at 127.0.0.1:9092`.
 */
export function kafkaError(code: number | string, where: string, more: ErrorDetail = {}): KafkaError {
  const name = typeof code === "string" ? code : codeName(code);
  const text = (protocolErrors as Record<string, { message: string } | undefined>)[name]?.message;
  const fix = FIXES[name];
  const about = [name, more.detail ?? text?.replace(/\.$/, "")].filter(Boolean).join(": ");
  return new KafkaError(`${where}: ${about}${fix ? ` (${fix})` : ""}`, { code: name, cause: more.cause });
}

/** What else is known of an error: what the broker says of it, and the library's own error. */
export interface ErrorDetail {
  readonly detail?: string | null | undefined;
  readonly cause?: unknown;
}

function codeName(code: number): string {
  return (protocolErrorsCodesById as Record<number, string>)[code] ?? `ERROR_${code}`;
}

/** Turns what the library's functions reject with into a `KafkaError`; the first of several errors speaks. */
export function fromLibraryError(cause: unknown, where: string): KafkaError {
  if (cause instanceof KafkaError) return cause;
  const first = (cause as { errors?: readonly LibraryError[] })?.errors?.[0] ?? cause as LibraryError;
  if (typeof first?.apiId === "string") {
    return kafkaError(first.apiId, where, { detail: first.serverErrorMessage, cause });
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  return new KafkaError(`${where}: ${text}`, { code: "FRAME", cause });
}

interface LibraryError {
  readonly apiId?: string;
  readonly serverErrorMessage?: string | null;
}
