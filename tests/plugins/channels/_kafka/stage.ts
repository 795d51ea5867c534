import { Backlog } from "../../../../plugins/channels/_kafka/backlog.ts";
import { eventReader } from "../../../../plugins/channels/_kafka/events_of.ts";
import { Reading } from "../../../../plugins/channels/_kafka/reading.ts";
import type { CommittedOffset, ConsumerEvents, Partition } from "../../../../protocols/kafka/client.ts";
import { EventBatch, type TakeTransaction } from "sluice/plugin";
import { testContext } from "../../../support/context.ts";
import { NEVER } from "./kafka_channels.ts";

export const PARTITION: Partition = { topic: "app", partition: 0, topicId: "id-1" };

/** A group whose moves the test makes: what a broker does only after long waits. */
export class Stage {
  readonly context: ReturnType<typeof testContext>;
  readonly backlog: Backlog;
  readonly committed: number[] = [];
  readonly reading: Reading;
  /** Of the run that is under way. */
  events!: ConsumerEvents;
  runs = 0;
  /** Instead of the way to the group. */
  connect: (() => Promise<never>) | undefined;

  constructor({ windowBytes = 1024 * 1024, signal = NEVER } = {}) {
    this.context = testContext({ signal });
    this.backlog = new Backlog(this.context.clock);
    this.reading = new Reading({
      context: this.context,
      backlog: this.backlog,
      group: "g",
      commitIntervalMs: 0,
      windowBytes,
      eventsOf: eventReader(false, this.context),
      connect: () =>
        this.connect?.() ?? Promise.resolve({
          close: () => Promise.resolve(),
          consumer: {
            commit: (offsets) => Promise.resolve(void this.committed.push(offsets[0]!.offset)),
            run: async (events, signal) => {
              this.events = events;
              this.runs++;
              await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
              await events.onRevoked([PARTITION]);
            },
          },
        }),
    });
  }

  take(maxEvents = 100): Promise<TakeTransaction> {
    return this.reading.take({ maxEvents, signal: NEVER });
  }

  /** The partition is ours; answers where reading begins. */
  assign(committed?: CommittedOffset): number | undefined {
    this.events.onRebalanced([PARTITION]);
    return this.events.onAssigned(PARTITION, committed);
  }

  /** Records whose bodies are their offsets. */
  fetch(from: number, to: number): Promise<void> {
    const offsets = Float64Array.from({ length: to - from }, (_, index) => from + index);
    const bodies = EventBatch.from(Array.from(offsets, (offset) => ({ body: `${offset}` })));
    const timestamps = offsets.map(() => 1_700_000_000_000);
    return Promise.resolve(
      this.events.onFetched({ ...PARTITION, bodies, offsets, timestamps, nextOffset: to }),
    );
  }
}

export function bodiesOf({ batch }: TakeTransaction): string[] {
  return Array.from({ length: batch.size }, (_, index) => batch.text(index));
}

/** Committed here. */
export function ours(offset: number): CommittedOffset {
  return { offset, metadata: `sluice ${PARTITION.topicId}` };
}
