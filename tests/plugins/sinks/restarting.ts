import { resolve } from "node:path";
import { EventBatch, type Position, type Sink } from "sluice/plugin";
import type { LogLine } from "../../support/context.ts";
import { contents, makeFileRoll } from "./rolling.ts";

const signal = new AbortController().signal;
type Made = Awaited<ReturnType<typeof makeFileRoll>>;

/** Writes one event and waits until it is delivered. */
export async function deliver(sink: Sink, body: string, position?: Position): Promise<void> {
  const answer = await sink.write(EventBatch.from([{ body }]).with({ position }), signal);
  await answer?.delivered;
}

const linesOf = (sink: Made) => (sink.context as unknown as { lines: LogLine[] }).lines;
/** Where the sink's state lies. */
export const stateOf = (directory: string) => resolve(directory, "../state");
/** Makes a sink that does not wait between syncs. */
export const make: typeof makeFileRoll = (settings, change) =>
  makeFileRoll({ "sink.syncInterval": "1ms", ...settings }, change);
/** The sink's manifest. */
export const manifestOf = (directory: string) => `${stateOf(directory)}/file_roll/test/manifest`;

/** Runs a sink and leaves the disk as it was at some moment, as a kill at that moment would. */
export async function killed(
  directory: string,
  settings: Record<string, unknown>,
  use: (sink: Made, keep: () => void) => Promise<void>,
): Promise<void> {
  const sink = await make(settings);
  const kept = resolve(directory, "../kept");
  const keep = () => {
    Deno.removeSync(kept, { recursive: true });
    copyFolder(directory, `${kept}/out`);
    copyFolder(stateOf(directory), `${kept}/state`);
  };
  Deno.mkdirSync(kept);
  await use(sink, keep);
  await sink.close!();
  for (const [from, to] of [[`${kept}/out`, directory], [`${kept}/state`, stateOf(directory)]] as const) {
    Deno.removeSync(to, { recursive: true });
    Deno.renameSync(from, to);
  }
}

/** Copies a folder with all that is in it. */
export function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyFolder(`${from}/${name}`, `${to}/${name}`);
    else Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

/** Three deliveries into one file, killed after the last; what the manifest's last frame says can be told from its bytes. */
export async function threeDeliveries(directory: string): Promise<void> {
  await killed(directory, { directory }, async (sink, keep) => {
    for (let n = 1; n <= 3; n++) await deliver(sink, `event ${n}`, { "in@1": n });
    keep();
  });
}

/** Resumes, reads what there is, and closes. */
export async function resumed(settings: Record<string, unknown>) {
  const sink = await make(settings);
  const position = await sink.resume!();
  const found = contents(String(settings.directory));
  await sink.close!();
  return { position, found, texts: Object.values(found), lines: linesOf(sink) };
}
