import { call } from "../api.ts";
import type { Cluster } from "../cluster.ts";
import { KafkaError } from "../kafka_error.ts";

/** Under which number the brokers know a producer (KIP-98). */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** A producer without numbers. */
export const NO_IDENTITY: ProducerIdentity = { producerId: -1n, producerEpoch: -1 };

/**
 * Asks for a number. For a transactional id this ends what an earlier producer with that id has left open, and shuts that one
 * out.
 */
export async function askIdentity(
  cluster: Cluster,
  options: { readonly transactionalId?: string | undefined; readonly transactionTimeoutMs: number },
): Promise<ProducerIdentity> {
  const { transactionalId, transactionTimeoutMs } = options;
  const connection = transactionalId === undefined
    ? await cluster.any()
    : await cluster.coordinator("transaction", transactionalId);
  try {
    return await call<ProducerIdentity>(connection, {
      name: "InitProducerId",
      args: [transactionalId ?? null, transactionTimeoutMs, -1n, -1],
    });
  } catch (cause) {
    if (cause instanceof KafkaError && cause.isStale && transactionalId !== undefined) {
      cluster.forget({ coordinator: transactionalId });
    }
    throw cause;
  }
}
