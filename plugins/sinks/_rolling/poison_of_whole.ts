import { PoisonError } from "sluice/plugin";

/** What a piece of a batch failed with; events that it refuses are named by their places in the whole. */
export function poisonOfWhole(cause: unknown, placeOf: (index: number) => number): unknown {
  if (!(cause instanceof PoisonError)) return cause;
  const { message, indexes, cause: reason } = cause;
  return new PoisonError(message, indexes.map(placeOf), reason === undefined ? {} : { cause: reason });
}
