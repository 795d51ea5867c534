import { type KafkaError, kafkaError } from "../kafka_error.ts";
import type { ProduceAnswer } from "./produce_request.ts";

/** What becomes of a batch after an answer, or after none. */
export type Verdict =
  | { readonly fate: "arrived" }
  /** The broker will never take it as it is. */
  | { readonly fate: "refused"; readonly cause: KafkaError; readonly places: readonly number[] }
  /** It goes again, with the same numbers. */
  | { readonly fate: "again"; readonly cause: KafkaError }
  /** The broker counts otherwise than the producer. */
  | { readonly fate: "miscounted"; readonly cause: KafkaError }
  /** This producer may not send any more. */
  | { readonly fate: "shut out"; readonly cause: KafkaError }
  /** It did not arrive, and trying again does not help now. */
  | { readonly fate: "failed"; readonly cause: Error };

const REFUSED = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
]);
const MISCOUNTED = new Set(["OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID", "INVALID_PRODUCER_EPOCH"]);
const SHUT_OUT = new Set([
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_TXN_STATE",
  "TRANSACTION_ABORTABLE",
  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
]);
/** What Kafka 4 answers with besides when a transaction has ended on its side. */
const TRANSACTION_LOST = new Set(["INVALID_PRODUCER_EPOCH"]);

/** Judges what a broker said of a batch. */
export function judge(
  answer: ProduceAnswer,
  { broker, isTransactional }: { readonly broker: string; readonly isTransactional: boolean },
): Verdict {
  if (answer.errorCode === 0) return { fate: "arrived" };
  const where = `Produce to ${answer.topic}/${answer.partition} at ${broker}`;
  const cause = kafkaError(answer.errorCode, where, { detail: answer.detail });
  const { code } = cause;
  // The broker has it already.
  if (code === "DUPLICATE_SEQUENCE_NUMBER") return { fate: "arrived" };
  if (REFUSED.has(code)) return { fate: "refused", cause, places: answer.refused };
  if (SHUT_OUT.has(code) || isTransactional && TRANSACTION_LOST.has(code)) return { fate: "shut out", cause };
  if (MISCOUNTED.has(code)) return { fate: "miscounted", cause };
  return { fate: cause.canRetry ? "again" : "failed", cause };
}
