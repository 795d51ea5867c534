import assert from "node:assert/strict";
import { fromKafkajs } from "../../../../protocols/kafka/kafkajs/errors.ts";

/** An error as kafkajs makes them. */
function libraryError(name: string, text: string, more: Readonly<Record<string, unknown>> = {}): Error {
  return Object.assign(new Error(text), { name: `KafkaJS${name}`, ...more });
}

/** What kafkajs makes of an answer of a broker. */
function protocolError(type: string, code: number): Error {
  return libraryError("ProtocolError", type, { type, code, retriable: false });
}

Deno.test("kafkajs errors have Kafka's names, though kafkajs knows older ones", () => {
  const error = fromKafkajs(protocolError("NOT_LEADER_FOR_PARTITION", 6), "Produce to app/3");
  assert.deepEqual([error.code, error.canRetry, error.isStale], ["NOT_LEADER_OR_FOLLOWER", true, true]);
  assert.match(error.message, /^Produce to app\/3: NOT_LEADER_OR_FOLLOWER/);
});

Deno.test("kafkajs errors speak of the cause when kafkajs has given up", () => {
  const cause = libraryError("ConnectionError", "Connection error: refused", { broker: "a:9092" });
  const exceeded = libraryError("NumberOfRetriesExceeded", "Connection error: refused", { cause });
  const error = fromKafkajs(libraryError("NonRetriableError", "given up", { cause: exceeded }), "Connect");
  assert.deepEqual([error.code, error.canRetry], ["CONNECTION", true]);
  assert.equal(error.message, "Connect at a:9092: Connection error: refused");
});

Deno.test("kafkajs errors say what to do about a login that failed", () => {
  const failed = libraryError("SASLAuthenticationError", "SASL PLAIN authentication failed");
  const error = fromKafkajs(failed, "Connect");
  assert.deepEqual([error.code, error.canRetry], ["AUTHENTICATION", true]);
  assert.match(error.message, /check user name and password/);
});

Deno.test("kafkajs errors are not tried again where kafkajs says that it is in vain", () => {
  assert.equal(
    fromKafkajs(libraryError("NonRetriableError", "Invalid topic", { retriable: false }), "Produce").canRetry,
    false,
  );
  assert.equal(fromKafkajs(new TypeError("x is undefined"), "Produce").canRetry, true);
});

Deno.test("kafkajs errors that are ours already stay as they are", () => {
  const error = fromKafkajs(protocolError("MESSAGE_TOO_LARGE", 10), "Produce");
  assert.equal(fromKafkajs(error, "elsewhere"), error);
});
