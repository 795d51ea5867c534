import { Peer } from "../peers/peer.ts";
import { parseExpected } from "./expected.ts";
import { putFiles, ROOT } from "./run_pipeline.ts";

/** Where a pipeline that fills a topic finds it. */
export interface FillingOptions {
  readonly brokers: string;
  /** An empty folder for what it reads and its state. */
  readonly folder: string;
}

/** Starts one of the example pipelines that fill what another reads; it is stopped when disposed of. */
export async function startFilling(name: string, { brokers, folder }: FillingOptions): Promise<Peer> {
  await putFiles(parseExpected(await Deno.readTextFile(`${ROOT}pipelines/${name}.expected`)), folder);
  return new Peer({
    program: Deno.execPath(),
    args: ["run", "-A", "cli.ts", `pipelines/${name}.yaml`, "--state-dir", `${folder}/state-of-${name}`],
    cwd: ROOT,
    env: { KAFKA_BROKERS: brokers, IN: `${folder}/in` },
  });
}
