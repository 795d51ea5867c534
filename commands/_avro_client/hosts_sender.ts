import { errorText, type EventBatch } from "../../core/mod.ts";
import { CommandError } from "../exit.ts";
import type { ClientSettings, Host } from "./client_settings.ts";

/** A way to one host. */
export interface Connection {
  /** Resolves when the other side has accepted all events; rejects when it has not, or nobody knows. */
  send(batch: EventBatch, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Makes a way to a host. */
export type Connect = (host: Host) => Promise<Connection>;

interface HostState {
  readonly host: Host;
  connection?: Connection | undefined;
  failures: number;
  /** Left out until then, unless all others are. */
  restUntilMs: number;
}

/** First time out of a host that failed; it doubles with each failure in a row. */
const FIRST_REST_MS = 1000;

/** Sends to the hosts of a client: to the first that accepts, or to one after the other in turn. */
export class HostsSender {
  readonly #settings: ClientSettings;
  readonly #connect: Connect;
  readonly #hosts: readonly HostState[];
  #next = 0;

  constructor(settings: ClientSettings, connect: Connect) {
    this.#settings = settings;
    this.#connect = connect;
    this.#hosts = settings.hosts.map((host) => ({ host, failures: 0, restUntilMs: 0 }));
  }

  /** @throws {CommandError} when no host has accepted the batch. */
  async send(batch: EventBatch, signal: AbortSignal): Promise<void> {
    const faults: string[] = [];
    for (const state of this.#order()) {
      try {
        state.connection ??= await this.#connect(state.host);
        await state.connection.send(batch, signal);
        state.failures = 0;
        return this.#accepted(state);
      } catch (cause) {
        signal.throwIfAborted();
        this.#failed(state);
        faults.push(errorText(cause));
      }
    }
    throw new CommandError(`Nobody accepted the events: ${faults.join("; ")}`, {
      fix: "start an agent with an avro source there, or correct the address; then send the rest again",
    });
  }

  close(): void {
    for (const { connection } of this.#hosts) connection?.close();
  }

  /** The hosts to try for one call. */
  #order(): HostState[] {
    const { type, isRandom, maxAttempts } = this.#settings;
    const first = isRandom ? Math.floor(Math.random() * this.#hosts.length) : this.#next;
    const rotated = this.#hosts.map((_, index) => this.#hosts[(first + index) % this.#hosts.length]!);
    if (type === "default_failover") {
      return Array.from({ length: maxAttempts }, (_, index) => rotated[index % rotated.length]!);
    }
    const nowMs = performance.now();
    const awake = rotated.filter(({ restUntilMs }) => restUntilMs <= nowMs);
    return [...awake, ...rotated.filter((state) => !awake.includes(state))];
  }

  /** A failover client stays where it was accepted; a balancing one goes on. */
  #accepted(state: HostState): void {
    const at = this.#hosts.indexOf(state);
    this.#next = this.#settings.type === "default_loadbalance" ? (at + 1) % this.#hosts.length : at;
  }

  #failed(state: HostState): void {
    state.connection?.close();
    state.connection = undefined;
    const restMs = Math.min(FIRST_REST_MS * 2 ** Math.min(state.failures++, 20), this.#settings.maxBackoffMs);
    state.restUntilMs = performance.now() + restMs;
  }
}
