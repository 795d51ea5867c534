import type { Peer } from "../peers/peer.ts";

const EXPECTED = new URL("../data/flume/confs/extras/expected-logger-lines.txt", import.meta.url);
const EVENT = /Event: \{ headers:\{[^}]*\} body: (?:[0-9A-F]{2} )+ *(.*) \}$/;

/** The lines that users have seen in the log of their agents, whole. */
export const EXPECTED_LINES: readonly string[] = Deno.readTextFileSync(EXPECTED).trimEnd().split("\n");

/** The events that the logger sink has logged, as far as it shows them: 16 bytes each. */
export function loggedEvents(peer: Peer): string[] {
  return peer.lines.flatMap((line) => EVENT.exec(line)?.[1] ?? []);
}
