import type { ConsumerSettings, ProducerSettings } from "./client_settings.ts";
import { readCredentials } from "./credentials.ts";

/** A complaint as a plugin's `check` gives it. */
export interface Complaint {
  readonly key: string;
  readonly text: string;
  readonly fix: string;
}

/** What cannot work of what stands below `kafka.producer`. */
export function checkProducer(side: ProducerSettings): readonly Complaint[] {
  const found = [...checkSecurity(side)];
  const acks = side.acks === "all" ? "-1" : side.acks;
  const isTransactional = side["transactional.id"] !== undefined;
  if ((side["enable.idempotence"] || isTransactional) && acks !== "-1") {
    const what = isTransactional ? "a transaction" : "an idempotent send";
    found.push({ key: "acks", text: `${what} needs acks: all`, fix: "write all, or leave it out" });
  }
  if (isTransactional && side["enable.idempotence"] === false) {
    const text = "transactions are made of idempotent sends";
    found.push({ key: "enable.idempotence", text, fix: "remove it" });
  }
  if (side["enable.idempotence"] && side["max.in.flight.requests.per.connection"] > 5) {
    const text = "idempotent sends allow 5 requests in flight at most";
    found.push({ key: "max.in.flight.requests.per.connection", text, fix: "write 5 or less" });
  }
  return found.map((one) => ({ ...one, key: `kafka.producer.${one.key}` }));
}

/** What cannot work of what stands below `kafka.consumer`. */
export function checkConsumer(side: ConsumerSettings): readonly Complaint[] {
  const found = [...checkSecurity(side)];
  if (side["heartbeat.interval.ms"] >= side["session.timeout.ms"]) {
    const text = "a member must be heard of several times within session.timeout.ms";
    found.push({ key: "heartbeat.interval.ms", text, fix: "write a third of session.timeout.ms or less" });
  }
  return found.map((one) => ({ ...one, key: `kafka.consumer.${one.key}` }));
}

function checkSecurity(side: ProducerSettings | ConsumerSettings): readonly Complaint[] {
  const found: Complaint[] = [];
  const sasl = readCredentials(side);
  if (sasl && "key" in sasl) found.push(sasl);
  const algorithm = side["ssl.endpoint.identification.algorithm"];
  if (algorithm !== "" && algorithm.toLowerCase() !== "https") {
    const text = `names are checked by https, or not at all, and not by "${algorithm}"`;
    found.push({
      key: "ssl.endpoint.identification.algorithm",
      text,
      fix: 'write https, or "" for no check',
    });
  }
  if ((side["ssl.keystore.key"] === undefined) !== (side["ssl.keystore.certificate.chain"] === undefined)) {
    const text = "ssl.keystore.key and ssl.keystore.certificate.chain go together";
    found.push({ key: "ssl.keystore.key", text, fix: "write both" });
  }
  return found;
}
