import { setImmediate } from "node:timers";

/** Milliseconds that batches may flow before timers, signals and sockets get their turn. */
const TURN_MS = 8;

let turnStartMs = 0;

/**
 * Lets the event loop turn when batches have flowed for a while. Streams whose stages all answer at once live on
 * microtasks alone, which would keep timers and signals waiting for ever.
 */
export function yieldTurn(): Promise<void> | undefined {
  if (performance.now() - turnStartMs < TURN_MS) return undefined;
  return new Promise((resolve) =>
    setImmediate(() => {
      turnStartMs = performance.now();
      resolve();
    })
  );
}
