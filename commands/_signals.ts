import { EXIT } from "./exit.ts";

/** What the two signals that stop a program do. */
export interface StopSignals {
  /** The first one: stop in order. */
  onFirst(name: string): void;
  /** A second one: stop at once with this exit code. */
  onSecond(exitCode: number): void;
}

const NAMES: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * A terminal signals the whole process group, and starters such as npx pass the same signal on: what follows so soon
 * is its echo, not a second one.
 */
const ECHO_MS = 250;

/** Listens until the answer is called. */
export function listenForStop(on: StopSignals): () => void {
  let firstMs: number | undefined;
  const listeners = NAMES.map((name) => {
    const listener = () => {
      if (firstMs === undefined) {
        firstMs = performance.now();
        return on.onFirst(name);
      }
      if (performance.now() - firstMs < ECHO_MS) return;
      on.onSecond(name === "SIGTERM" ? EXIT.terminated : EXIT.interrupted);
    };
    Deno.addSignalListener(name, listener);
    return () => Deno.removeSignalListener(name, listener);
  });
  return () => listeners.forEach((remove) => remove());
}
