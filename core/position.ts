/**
 * Where a replayable source goes on: stream key → offset behind the last safe event.
 * `null` forgets a key (a file that is finished and gone).
 */
export type Position = Readonly<Record<string, number | string | null>>;

/** Puts a later position over an earlier one, key by key; forgotten keys disappear. */
export function mergePositions(earlier: Position | undefined, later: Position): Position {
  const merged: Record<string, number | string | null> = { ...earlier };
  for (const [key, offset] of Object.entries(later)) {
    if (offset === null) delete merged[key];
    else merged[key] = offset;
  }
  return merged;
}

/** Puts a later position over an earlier one and keeps the `null` marks, for positions that travel on. */
export function joinPositions(
  earlier: Position | undefined,
  later: Position | undefined,
): Position | undefined {
  if (earlier === undefined) return later;
  return later === undefined ? earlier : { ...earlier, ...later };
}

/** Puts a text in front of every key, so that positions of several sources can lie in one. */
export function prefixPosition(position: Position, prefix: string): Position {
  const prefixed: Record<string, number | string | null> = {};
  for (const key in position) prefixed[prefix + key] = position[key]!;
  return prefixed;
}

/** The keys that begin with a text, without it; undefined when there is none. */
export function unprefixPosition(position: Position | undefined, prefix: string): Position | undefined {
  const own = Object.entries(position ?? {}).filter(([key]) => key.startsWith(prefix));
  if (own.length === 0) return undefined;
  return Object.fromEntries(own.map(([key, offset]) => [key.slice(prefix.length), offset]));
}

/** Keeps the safe positions of all sources of a pipeline across restarts. */
export interface PositionStore {
  load(source: string): Position | undefined;
  /** Notes the whole safe position of a source; it is on disk some time later, or when `flush` resolves. */
  save(source: string, position: Position): void;
  /** Which other stage keeps a newer position of the source; undefined when this store does. */
  keeper(source: string): string | undefined;
  /** Notes it; on disk when `flush` resolves. */
  setKeeper(source: string, keeper: string | undefined): void;
  flush(): Promise<void>;
}

/** Keeps positions for the life of the process only. */
export function memoryPositions(): PositionStore {
  const positions = new Map<string, Position>();
  const keepers = new Map<string, string | undefined>();
  return {
    load: (source) => positions.get(source),
    save: (source, position) => void positions.set(source, position),
    keeper: (source) => keepers.get(source),
    setKeeper: (source, keeper) => void keepers.set(source, keeper),
    flush: () => Promise.resolve(),
  };
}
