// Says who we are (KIP-43, KIP-152): PLAIN (RFC 4616) and SCRAM (RFC 5802). The library computes the proofs.
import { saslAuthenticateV2, saslHandshakeV1, saslPlain, saslScramSha } from "@platformatic/kafka";
import type { KafkaSasl } from "./client.ts";
import type { BrokerConnection } from "./connection.ts";
import { fromLibraryError, KafkaError } from "./kafka_error.ts";

/** A connection is not used to its last moment: the clocks of two machines differ. */
const LIFETIME_SHARE = 0.8;

/**
 * Authenticates a connection; notes when the broker wants to have it done again (KIP-368), for which a new connection is
 * made.
 * @throws {KafkaError} AUTHENTICATION, with the reason that the broker gives.
 */
export async function authenticate(connection: BrokerConnection, sasl: KafkaSasl): Promise<void> {
  try {
    await saslHandshakeV1.api.async(connection as never, sasl.mechanism);
    const { sessionLifetimeMs } = await prove(connection, sasl) as { sessionLifetimeMs: bigint };
    if (sessionLifetimeMs > 0n) {
      connection.expiresMs = Date.now() + Number(sessionLifetimeMs) * LIFETIME_SHARE;
    }
  } catch (cause) {
    throw refusal(connection, sasl, cause);
  }
}

function prove(connection: BrokerConnection, { mechanism, username, password }: KafkaSasl): Promise<unknown> {
  const api = saslAuthenticateV2.api;
  return new Promise((resolve, reject) => {
    const done = (cause: Error | null, answer?: unknown) => cause ? reject(cause) : resolve(answer);
    if (mechanism === "PLAIN") saslPlain.authenticate(api, connection as never, username, password, done);
    else {
      const algorithm = mechanism === "SCRAM-SHA-256" ? "SHA-256" : "SHA-512";
      const { defaultCrypto } = saslScramSha;
      saslScramSha.authenticate(api, connection as never, algorithm, username, password, defaultCrypto, done);
    }
  });
}

function refusal(
  connection: BrokerConnection,
  { mechanism, username }: KafkaSasl,
  cause: unknown,
): KafkaError {
  const inner = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
  const error = fromLibraryError(inner, `SASL ${mechanism} as "${username}" to ${connection.name}`);
  if (error.code === "CONNECTION" || error.code === "TIMEOUT") return error;
  return new KafkaError(error.message, { code: "AUTHENTICATION", canRetry: true });
}
