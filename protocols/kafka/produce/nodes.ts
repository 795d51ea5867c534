import type { Cluster } from "../cluster.ts";
import type { BrokerConnection } from "../connection.ts";
import { KafkaError } from "../kafka_error.ts";

/** A broker as a producer sees it. */
interface Node {
  connection: BrokerConnection | undefined;
  isConnecting: boolean;
  failures: number;
  inFlight: number;
  /** Not before this time (performance.now) is another try made to connect. */
  notBeforeMs: number;
  /** Shows trouble with this broker. */
  readonly key: symbol;
}

/** What a producer's brokers are asked with. */
export interface NodeRules {
  readonly maxInFlight: number;
  /** Something has changed: look again what can be sent. */
  onChange(): void;
}

/** The connections of a producer, and how much is on its way on each. */
export class Nodes {
  readonly #cluster: Cluster;
  readonly #rules: NodeRules;
  readonly #nodes = new Map<number, Node>();

  constructor(cluster: Cluster, rules: NodeRules) {
    this.#cluster = cluster;
    this.#rules = rules;
  }

  /** The connection to a broker that can take another request now; undefined: `onChange` tells when. */
  free(nodeId: number): BrokerConnection | undefined {
    const node = this.#nodes.get(nodeId) ?? this.#add(nodeId);
    if (node.inFlight >= this.#rules.maxInFlight) return undefined;
    if (node.connection?.isOpen) return node.connection;
    // What is still on its way on the old connection must come back first.
    if (node.inFlight === 0 && !node.isConnecting) void this.#connect(nodeId, node);
    return undefined;
  }

  begin(nodeId: number): void {
    this.#nodes.get(nodeId)!.inFlight++;
  }

  end(nodeId: number): void {
    this.#nodes.get(nodeId)!.inFlight--;
  }

  #add(nodeId: number): Node {
    const node: Node = {
      connection: undefined,
      isConnecting: false,
      failures: 0,
      inFlight: 0,
      notBeforeMs: 0,
      key: Symbol(),
    };
    this.#nodes.set(nodeId, node);
    return node;
  }

  async #connect(nodeId: number, node: Node): Promise<void> {
    const { trouble } = this.#cluster;
    node.isConnecting = true;
    try {
      node.connection = await this.#cluster.broker(nodeId);
      node.failures = 0;
      trouble.end(node.key);
    } catch (cause) {
      if (cause instanceof KafkaError && cause.code === "CLOSED") return;
      trouble.begin(node.key, cause as Error);
      // It may lead nothing any more, or have moved.
      this.#cluster.forgetAll();
      await trouble.wait(node.failures++);
    } finally {
      node.isConnecting = false;
    }
    this.#rules.onChange();
  }
}
