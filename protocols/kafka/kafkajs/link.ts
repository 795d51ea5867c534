// One kafkajs client for each producer and consumer, so that each can be ended for itself.
import { type Admin, Kafka, type KafkaConfig, logLevel, type SASLOptions } from "kafkajs";
import type { KafkaSasl, KafkaTarget, KafkaTls } from "../client.ts";
import { KafkaError } from "../kafka_error.ts";
import { Trouble } from "../trouble.ts";
import { fromKafkajs } from "./errors.ts";
import { Sockets } from "./sockets.ts";

/** kafkajs tries only this often by itself; then we do, and tell of it. */
const LIBRARY_RETRIES = 2;
/** How long a client may take to say good-bye. */
const FAREWELL_MS = 1_000;

/** kafkajs, kept in bounds: its log is quiet, its sockets can be ended, its errors are ours. */
export class Link {
  readonly kafka: Kafka;
  readonly target: KafkaTarget;
  readonly trouble: Trouble;
  /** What kafkajs has written into its log last: some things it says nowhere else. */
  complaint = "";
  readonly #sockets: Sockets;

  /** @param trouble what outlives this client, where it is one of several in a row. */
  constructor(target: KafkaTarget, trouble: Trouble = new Trouble(target)) {
    this.target = target;
    this.trouble = trouble;
    this.#sockets = new Sockets(target.maxFrameBytes);
    this.kafka = new Kafka(this.#config());
  }

  /** Tries until it succeeds; see `Trouble.retry`. */
  async retry<T>(where: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    return await this.trouble.retry(signal, async () => {
      try {
        return await attempt();
      } catch (cause) {
        throw this.error(cause, where);
      }
    });
  }

  /** Connects one of kafkajs's clients, which takes a socket for a connection that has never said anything. */
  async connect(client: Pick<Admin, "connect" | "disconnect">, signal: AbortSignal): Promise<void> {
    await this.retry("Connect", signal, async () => {
      try {
        await client.connect();
      } catch (cause) {
        client.disconnect().catch(() => {});
        throw cause;
      }
    });
  }

  /** What kafkajs rejected with, as an error of ours. */
  error(cause: unknown, where: string): KafkaError {
    const error = fromKafkajs(cause, where);
    if (error.code !== "CONNECTION" || this.#sockets.hasHeard) return error;
    const hint =
      "no broker has answered yet: does it want TLS, SASL or a client certificate (security.protocol)?";
    return new KafkaError(`${error.message}; ${hint}`, { code: error.code, cause: error.cause });
  }

  /** Says good-bye to the brokers, but does not wait for one that is silent. */
  async close(farewell: () => Promise<unknown>, limitMs = FAREWELL_MS): Promise<void> {
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, limitMs);
    await Promise.race([farewell().catch(() => {}), limit.promise]);
    clearTimeout(timer);
    this.#sockets.destroy();
  }

  #config(): KafkaConfig {
    const { target } = this;
    return {
      brokers: [...target.brokers],
      clientId: target.clientId,
      connectionTimeout: target.connectTimeoutMs,
      authenticationTimeout: target.connectTimeoutMs,
      requestTimeout: target.requestTimeoutMs,
      enforceRequestTimeout: true,
      ...target.tls && { ssl: tlsOptions(target.tls) },
      ...target.sasl && { sasl: saslOptions(target.sasl) },
      retry: { retries: LIBRARY_RETRIES, initialRetryTime: target.retryMs, maxRetryTime: target.maxRetryMs },
      socketFactory: this.#sockets.connect,
      logLevel: logLevel.ERROR,
      logCreator: () => ({ log }) =>
        void (this.complaint = [log.message, log.error].filter(Boolean).join(": ")),
    };
  }
}

function tlsOptions({ authorities, cert, key, passphrase, checksName }: KafkaTls) {
  return {
    ...authorities && { ca: [...authorities] },
    ...cert !== undefined && key !== undefined && { cert, key },
    ...passphrase !== undefined && { passphrase },
    ...!checksName && { checkServerIdentity: () => undefined },
  };
}

function saslOptions({ mechanism, username, password }: KafkaSasl): SASLOptions {
  const mechanisms = {
    "PLAIN": "plain",
    "SCRAM-SHA-256": "scram-sha-256",
    "SCRAM-SHA-512": "scram-sha-512",
  } as const;
  return { mechanism: mechanisms[mechanism], username, password };
}
