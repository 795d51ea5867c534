// One stage keeps the position of a source for good: the log that its events go to, the sink that stores it with its
// output, or else the position store, which has a copy in every case. When the keeper changes with the configuration, the
// new one begins with the store's copy; what a former keeper still knows must never count again.
import type { ChannelLog } from "./channel.ts";
import {
  mergePositions,
  type Position,
  type PositionStore,
  prefixPosition,
  unprefixPosition,
} from "./position.ts";

/** What a sink says it holds for good; told anew at each of its starts. */
export class Resumption {
  readonly #heardBy: Set<string>;
  #told = Promise.withResolvers<Position | undefined>();
  #isTold = false;
  #isStoring = false;

  /** A sink that a reload puts in another's place gets what the sources still send, so they know more than it tells. */
  constructor(former?: Resumption) {
    this.#heardBy = new Set(former ? former.#heardBy : []);
  }

  /** Resolves as soon as the sink has put its target in order. */
  get position(): Promise<Position | undefined> {
    return this.#told.promise;
  }

  /** False for sinks that keep no position; known when `position` has resolved. */
  get isStoring(): boolean {
    return this.#isStoring;
  }

  tell(position: Position | undefined, isStoring: boolean): void {
    this.#isTold = true;
    this.#isStoring = isStoring;
    this.#told.resolve(position);
  }

  /** Notes that a source goes on from what was told; false when it has before, and may have come further since. */
  hear(source: string): boolean {
    const isNews = !this.#heardBy.has(source);
    this.#heardBy.add(source);
    return isNews;
  }

  /** What was told holds no longer: the sink has failed and will be made again. */
  reset(): void {
    if (!this.#isTold) return;
    this.#heardBy.clear();
    this.#told = Promise.withResolvers();
    this.#isTold = false;
  }
}

/** Who may keep the position of a source, as the wiring allows. */
export interface KeeperChoice {
  /** Set when all channels of the source are cursors in this log. */
  readonly log?: ChannelLog | undefined;
  /** Set when the source has one channel, empty after a crash, with one sink. */
  readonly sink?: { readonly name: string; readonly resumption: Resumption } | undefined;
}

/** What a source is called in the position store, and in a log that pipelines may share one after another. */
export interface SourceNames {
  readonly name: string;
  readonly logName: string;
}

/** Where a source goes on, and how its batches carry their positions. */
export interface Keeping {
  readonly resume: Position | undefined;
  /** The position is committed here, together with the events. */
  readonly log?: ChannelLog | undefined;
  /** Stands in front of each key, for a sink that stores positions of several sources. */
  readonly prefix?: string;
}

/**
 * Finds out where a source goes on. Waits for the sink that keeps the position, so that nothing is sent twice.
 * The answer holds for one run of the source.
 */
export async function keepingOf(
  source: SourceNames,
  choice: KeeperChoice,
  positions: PositionStore,
): Promise<Keeping> {
  if (choice.log) return await keptByLog(source, choice.log, positions);
  const { sink } = choice;
  const { name } = source;
  const held = await sink?.resumption.position;
  if (sink?.resumption.isStoring) return await keptBySink(name, { ...sink, held }, positions);
  await changeKeeper(name, undefined, positions);
  return { resume: positions.load(name) };
}

async function keptByLog(
  { name, logName }: SourceNames,
  log: ChannelLog,
  positions: PositionStore,
): Promise<Keeping> {
  const keeper = `log:${log.id}`;
  const stored = positions.load(name);
  if (positions.keeper(name) !== keeper) {
    if (stored) {
      const receipt = await log.put([], { source: logName, position: stored, replace: true });
      await receipt.committed;
    }
    await changeKeeper(name, keeper, positions);
  }
  return { resume: log.position(logName), log };
}

async function keptBySink(
  source: string,
  { name, resumption, held }: NonNullable<KeeperChoice["sink"]> & { readonly held: Position | undefined },
  positions: PositionStore,
): Promise<Keeping> {
  const [, known, knownEpoch] = /^sink:(.*)@(\d+)$/.exec(positions.keeper(source) ?? "") ?? [];
  const epoch = known === name ? Number(knownEpoch) : nextEpoch(source, held);
  const prefix = `${source}@${epoch}/`;
  await changeKeeper(source, `sink:${name}@${epoch}`, positions);
  const own = unprefixPosition(held, prefix);
  // The sink tells it once at its start; a source that starts again beside it has come further since.
  if (resumption.hear(source) && own) positions.save(source, mergePositions(positions.load(source), own));
  return { resume: positions.load(source), prefix };
}

/** A number that no key in the sink's hands has yet. */
function nextEpoch(source: string, held: Position | undefined): number {
  const epochs = Object.keys(held ?? {}).map((key) => {
    const [, epoch] = key.startsWith(`${source}@`) ? /^(\d+)\//.exec(key.slice(source.length + 1)) ?? [] : [];
    return Number(epoch ?? 0);
  });
  return Math.max(0, ...epochs) + 1;
}

/** Must be on disk before the first batch: else a crash would leave two stages that both think they know best. */
async function changeKeeper(source: string, keeper: string | undefined, positions: PositionStore) {
  if (positions.keeper(source) === keeper) return;
  positions.setKeeper(source, keeper);
  await positions.flush();
}

/** The batch position as the keeper wants it. */
export function carried(position: Position | undefined, { prefix }: Pick<Keeping, "prefix">) {
  return position === undefined || prefix === undefined ? position : prefixPosition(position, prefix);
}
