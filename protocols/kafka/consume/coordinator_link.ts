// The way to the coordinator of a group: a connection of its own, because a JoinGroup holds up all that follows it.
import { type ApiLimits, call } from "../api.ts";
import type { Cluster } from "../cluster.ts";
import type { BrokerConnection } from "../connection.ts";
import { KafkaError } from "../kafka_error.ts";

/** A request of one of the group APIs. */
export interface GroupCall {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly limits?: ApiLimits;
  /** For the answer; absent: the usual time of a request. */
  readonly timeoutMs?: number;
  /** Gives it up, and the connection with it. */
  readonly signal?: AbortSignal;
}

/** Reaches the coordinator, also after it has moved. */
export class CoordinatorLink {
  readonly #cluster: Cluster;
  readonly #group: string;
  readonly #timeoutMs: number;
  #connection: Promise<BrokerConnection> | undefined;

  /** @param about `timeoutMs`: longer than any of the calls may take. */
  constructor(cluster: Cluster, about: { readonly group: string; readonly timeoutMs: number }) {
    this.#cluster = cluster;
    this.#group = about.group;
    this.#timeoutMs = about.timeoutMs;
  }

  /** @throws {KafkaError} after which the coordinator is looked for again where it may have moved. */
  async call<Answer>({ name, args, limits, ...rest }: GroupCall): Promise<Answer> {
    return await this.use(
      rest,
      (connection) => call<Answer>(connection, { name, args, ...limits && { limits } }),
    );
  }

  /** The same for requests that we write ourselves. */
  async use<Answer>(
    { timeoutMs = this.#cluster.target.requestTimeoutMs, signal }: Pick<GroupCall, "timeoutMs" | "signal">,
    send: (connection: BrokerConnection) => Promise<Answer>,
  ): Promise<Answer> {
    signal?.throwIfAborted();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let close: (() => void) | undefined;
    try {
      const connection = await orAborted(this.#open(), signal);
      close = () => connection.close();
      timer = setTimeout(close, timeoutMs);
      signal?.addEventListener("abort", close, { once: true });
      return await send(connection);
    } catch (cause) {
      if (cause instanceof KafkaError && (cause.isStale || cause.code === "CLOSED")) this.forget();
      throw cause;
    } finally {
      clearTimeout(timer);
      if (close) signal?.removeEventListener("abort", close);
    }
  }

  /** Lets the coordinator be looked for again. */
  forget(): void {
    this.#cluster.forget({ coordinator: this.#group });
    this.close();
  }

  close(): void {
    this.#connection?.then((connection) => connection.close(), () => {});
    this.#connection = undefined;
  }

  async #open(): Promise<BrokerConnection> {
    const known = this.#connection;
    if (known && (await known).isOpen) return known;
    // Somebody else may have begun to connect meanwhile.
    if (this.#connection && this.#connection !== known) return await this.#connection;
    this.#connection = this.#connect();
    return await this.#connection;
  }

  async #connect(): Promise<BrokerConnection> {
    const node = await this.#cluster.coordinatorNode("group", this.#group);
    return await this.#cluster.dedicated(node, this.#timeoutMs);
  }
}

/** Lets go of a wait when a signal aborts; what is waited for goes on. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
