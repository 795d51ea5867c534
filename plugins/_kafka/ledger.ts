// What a reader of partitions owes, for the source and the channel alike. Its parts, in the order in which they are used:
//
//   const ledger = new PartitionLedger({ commit: (offsets) => consumer.commit(offsets), resume, ... });
//   onAssigned: (partition, committed) => ledger.assign(partition, committed)       // where to begin
//   onBegin:    (partition, offset) => ledger.begin(partition, offset)              // chosen by the brokers
//   onFetched:  const opened = await ledger.open(records, room)                     // undefined: taken away while waiting
//               hand the records on; later opened.settle() or opened.settle(from, to) or opened.abandon(from, to)
//   onRevoked:  (partitions) => ledger.drain(partitions)                            // settled and committed
//   onLost:     (partitions) => ledger.lose(partitions)
//   when consumer.run has ended: ledger.close()
//
// Invariants: what is committed lies behind nothing unsettled, and never goes back. Nothing is handed on of a partition
// whose offset somebody else has set before our mark is on it; else a crash would make that wish rule once more.
// What was handed on and is still on its way when a partition comes back is not read again; what was abandoned is.
// A reader that drops what it has not handed on at a revoke abandons it (`opened.abandon(from, to)`), then drains.
import type { Clock, Position } from "sluice/plugin";
import type { CommittedOffset, KafkaConsumer, Partition } from "../../protocols/kafka/client.ts";
import { OffsetCommits } from "./offset_commits.ts";
import { type OwnOffset, ownOffset } from "./own_offset.ts";
import { isMarked, isSameTopic, startOffset, wishOf } from "./start_offset.ts";
import { type OpenedRecords, type OpenRecords, PartitionTally } from "./tally.ts";

/** What a ledger is kept with. */
export interface LedgerOptions {
  /** Offsets go to the group through it; late bound, because a consumer and its events know each other. */
  readonly commit: KafkaConsumer["commit"];
  /** Between two commits at least. */
  readonly commitIntervalMs: number;
  readonly clock: Clock;
  /** What the reader itself knows, by `positionOf`; undefined: nothing. */
  readonly resume?: Position | undefined;
  /** Records settle in parts; costs memory for each record on its way. */
  readonly inParts?: boolean;
  /** Tells of a commit that failed and will be tried again; with undefined that commits succeed again. */
  onTrouble?(cause: unknown): void;
}

/** How far each partition is read, what is on its way, and what the group should know of it. */
export class PartitionLedger {
  readonly #options: LedgerOptions;
  readonly #commits: OffsetCommits;
  readonly #tallies = new Map<string, PartitionTally>();

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#commits = new OffsetCommits(options);
  }

  /** The partition is ours: answers where reading begins; undefined: where `offsetReset` says. */
  assign(partition: Partition, committed: CommittedOffset | undefined): number | undefined {
    const known = this.#tallies.get(keyOf(partition));
    const own = this.#ownOffset(partition, known);
    const begin = startOffset(partition, own, committed);
    const isWish = committed !== undefined && !isMarked(committed);
    const wish = wishBehind(own, committed);
    const goesOn = known && !known.isBroken && known.wish === wish && begin !== undefined &&
      begin >= (known.nextOffset ?? 0) && isSameTopic(known.partition, partition);
    known?.leave();
    const tally = goesOn ? known : this.#newTally(partition);
    tally.wish = wish;
    tally.assign(begin, isWish ? undefined : committed?.offset);
    if (tally.hasNews) this.#commits.note(tally);
    tally.mayRead = isWish ? this.#commits.flush([tally], { givesUp: false }) : undefined;
    return begin;
  }

  /**
   * Reading begins at an offset that nobody knew. It is noted at once: who comes next would choose another one, and pass by
   * what was put in between.
   */
  begin(partition: Partition, offset: number): void {
    const tally = this.#tallies.get(keyOf(partition));
    if (!tally?.isReading) return;
    tally.begin(offset);
    if (tally.hasNews) this.#commits.note(tally);
  }

  /**
   * Notes records as on their way, once there is room for them and the partition may be read. Answers undefined when the
   * partition was taken away meanwhile: then they must not be handed on.
   */
  async open(records: OpenedRecords, room: Promise<void>): Promise<OpenRecords | undefined> {
    const tally = this.#tallies.get(keyOf(records));
    if (!tally?.isReading) return undefined;
    const { epoch } = tally;
    if (tally.mayRead) await tally.mayRead;
    if (tally.isReading) await tally.wait(room);
    return tally.isReading && tally.epoch === epoch ? tally.open(records) : undefined;
  }

  /** Since which wish of somebody else a partition is read; undefined: since none. */
  wishOf(partition: Partition): string | undefined {
    return this.#tallies.get(keyOf(partition))?.wish || undefined;
  }

  /** Resolves when all that was handed on is settled and committed, or abandoned; the partitions are then not ours. */
  async drain(partitions: readonly Partition[]): Promise<void> {
    const drained = this.#of(partitions).map((tally) => ({ tally, epoch: tally.epoch }));
    for (const { tally } of drained) tally.stop();
    const isCurrent = ({ tally, epoch }: typeof drained[0]) => tally.epoch === epoch;
    await Promise.all(drained.map(({ tally }) => tally.idle()));
    await this.#commits.flush(drained.filter(isCurrent).map(({ tally }) => tally), { givesUp: true });
    // It may have taken so long that the partitions went away and came back.
    for (const one of drained.filter(isCurrent)) one.tally.leave();
  }

  /** Nothing of the partitions can be committed any more. */
  lose(partitions: readonly Partition[]): void {
    for (const tally of this.#of(partitions)) tally.leave();
  }

  /** What is on its way counts as read; after something was abandoned, only what is safe. */
  #ownOffset(partition: Partition, known: PartitionTally | undefined): OwnOffset | undefined {
    const offset = known?.isBroken ? known.safeOffset : known?.nextOffset;
    return offset === undefined
      ? ownOffset(this.#options.resume, partition)
      : { offset, topicId: known!.partition.topicId, wish: known!.wish };
  }

  #newTally(partition: Partition): PartitionTally {
    const { topic, partition: number, topicId, inParts = false } = { ...this.#options, ...partition };
    const tally = new PartitionTally(
      { topic, partition: number, topicId },
      { inParts, onSafe: (one) => this.#commits.note(one) },
    );
    this.#tallies.set(keyOf(partition), tally);
    return tally;
  }

  /** When the reader has ended: no wait is left. */
  close(): void {
    this.#commits.close();
  }

  #of(partitions: readonly Partition[]): PartitionTally[] {
    return partitions.map((one) => this.#tallies.get(keyOf(one))).filter((tally) => tally !== undefined);
  }
}

/** Since which wish reading goes on. A sink's older wish stays in its position until another one, or an empty one, is put over it. */
function wishBehind(own: OwnOffset | undefined, committed: CommittedOffset | undefined): string | undefined {
  if (!committed) return own?.wish;
  if (!isMarked(committed)) return crypto.randomUUID();
  return wishOf(committed) ?? (own?.wish === undefined ? undefined : "");
}

function keyOf({ topic, partition }: Partition): string {
  return `${topic}/${partition}`;
}
