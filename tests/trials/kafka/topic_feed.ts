import type { Random } from "../../simulation/random.ts";
import type { Bodies } from "../bodies.ts";
import type { Feed } from "../feed.ts";
import type { Witness } from "./witness.ts";

const MOST_EVENTS = 400;

/** Puts events into the partitions of a topic, each partition's numbered from 0. */
export class TopicFeed implements Feed {
  readonly written = { counts: new Map<string, number>(), empty: 0 };
  outputBytes = 0;
  readonly #witness: Witness;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #name: string;
  readonly #bodies: Bodies;
  readonly #random: Random;

  /** `name` tells its events from those of other feeds for the same topic. */
  constructor(
    witness: Witness,
    about: {
      readonly topic: string;
      readonly partitions: number;
      readonly name: string;
      readonly bodies: Bodies;
      readonly random: Random;
    },
  ) {
    this.#witness = witness;
    this.#topic = about.topic;
    this.#partitions = about.partitions;
    this.#name = about.name;
    this.#bodies = about.bodies;
    this.#random = about.random;
  }

  write(): Promise<void> {
    return this.append(this.#random.below(this.#partitions), 1 + this.#random.below(MOST_EVENTS));
  }

  /** Adds events to a partition; resolves when the brokers have answered for them. */
  async append(partition: number, events: number): Promise<void> {
    const origin = `${this.#name}/${partition}`;
    const from = this.written.counts.get(origin) ?? 0;
    const values = Array.from({ length: events }, (_, index) => this.#bodies.make(origin, from + index));
    await this.#witness.send(this.#topic, partition, values);
    this.written.counts.set(origin, from + events);
    const encoder = new TextEncoder();
    this.outputBytes += values.reduce((sum, value) => sum + encoder.encode(value).length + 1, 0);
  }

  finish(): void {}
}
