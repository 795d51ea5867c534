import { type Context, errorText } from "sluice/plugin";
import { testContext } from "../support/context.ts";
import { latin1 } from "./batches.ts";

/** Where a sink under test writes to, and how to see what came there. */
export interface Target {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly context: Context;
  /** All that came, one text for each file, request or line; read after the sink is closed. */
  arrived(): Promise<string[]>;
  close(): Promise<void>;
}

/** Makes a target for a sink. */
export type TargetMaker = () => Promise<Target> | Target;

/** What a sink logs. */
export function logTarget(): Target {
  const context = testContext();
  const arrived = () => Promise.resolve(context.lines.map(({ text }) => text));
  return { settings: { maxBytesToLog: 4096 }, context, arrived, close: () => Promise.resolve() };
}

/** Nothing to see. */
export function noTarget(): Target {
  return {
    settings: {},
    context: testContext(),
    arrived: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}

/** A folder with files. */
export async function folderTarget(): Promise<Target> {
  const stop = new AbortController();
  const folder = await Deno.makeTempDir();
  return {
    settings: { "sink.directory": `${folder}/out`, "sink.rollInterval": 0 },
    context: testContext({ stateDir: `${folder}/state`, signal: stop.signal }),
    async arrived() {
      await Deno.mkdir(`${folder}/out`, { recursive: true });
      const names = Array.from(Deno.readDirSync(`${folder}/out`), ({ name }) => name).filter((name) =>
        !name.startsWith(".")
      );
      const files = await Promise.all(names.sort().map((name) => Deno.readFile(`${folder}/out/${name}`)));
      return files.map(latin1);
    },
    async close() {
      stop.abort();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** A folder with files that come there when they are complete. */
export async function stagedFolderTarget(): Promise<Target> {
  const { settings, ...folder } = await folderTarget();
  const path = `file://${settings["sink.directory"]}`;
  const rolls = { "hdfs.rollInterval": 0, "hdfs.rollSize": 0, "hdfs.rollCount": 0 };
  return { ...folder, settings: { "hdfs.path": path, "hdfs.fileType": "DataStream", ...rolls } };
}

/** This process's standard output, held back from the terminal. */
export function stdoutTarget(): Target {
  const parts: string[] = [];
  const { writeSync } = Deno.stdout;
  Deno.stdout.writeSync = (bytes) => {
    parts.push(latin1(bytes));
    return bytes.length;
  };
  return {
    settings: {},
    context: testContext(),
    arrived: () => Promise.resolve([parts.join("")]),
    close() {
      Deno.stdout.writeSync = writeSync;
      return Promise.resolve();
    },
  };
}

/** An HTTP server that takes everything. */
export async function httpTarget(): Promise<Target> {
  const bodies: string[] = [];
  const faults: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    try {
      bodies.push(latin1(new Uint8Array(await request.arrayBuffer())));
    } catch (cause) {
      faults.push(errorText(cause));
    }
    return new Response(null, { status: 200 });
  });
  return await Promise.resolve({
    settings: { endpoint: `http://127.0.0.1:${server.addr.port}/events` },
    context: testContext(),
    arrived: () => Promise.resolve([...bodies, ...faults]),
    close: () => server.shutdown(),
  });
}
