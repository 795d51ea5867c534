/** Milliseconds that batches may flow before timers, signals and sockets get their turn. */
const TURN_MS = 8;

const NOTHING = new Uint8Array(0);

let turnMs = 0;

/**
 * Lets the event loop turn when batches have flowed for a while. Streams whose stages all answer at once live on
 * microtasks alone, which would keep timers and signals waiting for ever.
 */
export function yieldTurn(): Promise<void> | undefined {
  return performance.now() - turnMs < TURN_MS ? undefined : turn();
}

/**
 * A turn for sockets, too: of a thread that always has something to do next, Deno's runtime looks at them at each
 * sixty-first turn only (`event_interval` of Tokio's scheduler), twice a second. While one waits for another thread it
 * looks at once; the digest of nothing is the cheapest such wait.
 */
async function turn(): Promise<void> {
  await crypto.subtle.digest("SHA-1", NOTHING);
  turnMs = performance.now();
}
