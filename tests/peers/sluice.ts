import { fileURLToPath } from "node:url";
import { Peer } from "./peer.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** An agent of a .conf file. */
export interface SluiceOptions {
  readonly name: string;
  /** The text of its file … */
  readonly conf: string;
  /** … which goes into this folder, as its state does. */
  readonly folder: string;
  readonly args?: readonly string[];
  /** How many sources must listen before it counts as started. */
  readonly listening: number;
}

/** Starts `sluice agent` on a .conf file as a Flume user types it; resolves when its sources listen. */
export async function startSluice(options: SluiceOptions): Promise<Peer> {
  const peer = await spawnSluice(options);
  try {
    await peer.untilItSays("Started");
    await peer.untilItSays("Listening", options.listening);
  } catch (cause) {
    await peer.kill();
    throw cause;
  }
  return peer;
}

/** The same without waiting. */
export async function spawnSluice({ name, conf, folder, args = [] }: SluiceOptions): Promise<Peer> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/agent.conf`, conf);
  const state = ["--state-dir", `${folder}/state`];
  return new Peer({
    program: Deno.execPath(),
    args: [
      "run",
      "-A",
      "--v8-flags=--enable-experimental-regexp-engine-on-excessive-backtracks",
      CLI,
      "agent",
      "--name",
      name,
      "--conf-file",
      `${folder}/agent.conf`,
      ...state,
      "-Dflume.root.logger=INFO,console",
      ...args,
    ],
    cwd: folder,
  });
}
