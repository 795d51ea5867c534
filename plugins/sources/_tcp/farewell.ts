import type { Clock } from "sluice/plugin";

/** How long answers that are still owed may take when a connection is to end. */
export const FAREWELL_MS = 2000;

/** Waits until what is owed to a client is written or cannot be, but not for long. */
export async function farewell(written: Promise<void>, clock: Clock): Promise<void> {
  const patience = new AbortController();
  const settled = written.catch(() => {}).finally(() => patience.abort());
  await Promise.race([settled, clock.sleep(FAREWELL_MS, patience.signal)]);
}
