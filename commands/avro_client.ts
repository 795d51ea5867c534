import { type Call, defineCommand } from "./command.ts";
import { CommandError, EXIT, usageError } from "./exit.ts";
import { type ClientSettings, clientSettings, plainClient } from "./_avro_client/client_settings.ts";
import { connector } from "./_avro_client/connect.ts";
import { HostsSender } from "./_avro_client/hosts_sender.ts";
import { lineBatches, type LineInput } from "./_avro_client/line_batches.ts";
import { completeFile, waitingFiles } from "./_avro_client/spool_folder.ts";
import { readFlumeHome } from "./_flume/flume_home.ts";
import { FLUME_OPTIONS } from "./_flume/options.ts";
import { propertyPairs } from "./_flume/property_pairs.ts";
import { flumeWords } from "./_flume/words.ts";
import { openProgress, type Progress } from "./_send/progress.ts";
import { Tally } from "./_send/tally.ts";
import { printError } from "./_terminal.ts";

const options = {
  host: { type: "string", short: "H", value: "HOST", about: "Host of the avro source." },
  port: { type: "string", short: "p", value: "PORT", about: "Its port." },
  filename: { type: "string", short: "F", value: "FILE", about: "File to send; standard input without it." },
  dirname: {
    type: "string",
    value: "DIR",
    about: "Send every file of this folder, and rename it to *.COMPLETED.",
  },
  headerFile: {
    type: "string",
    short: "R",
    value: "FILE",
    about: "Pairs (name = value) that every event gets as headers.",
  },
  rpcProps: {
    type: "string",
    short: "P",
    value: "FILE",
    about: "Properties of the client, instead of host and port: hosts, batch-size, …",
  },
  quiet: { type: "boolean", short: "q", about: "No progress, no summary." },
  define: {
    type: "string",
    short: "D",
    value: "NAME=VALUE",
    multiple: true,
    about: "Accepted; does nothing.",
  },
  ...FLUME_OPTIONS,
} as const;

type ClientValues = Call<typeof options>["values"];

export default defineCommand({
  name: "avro-client",
  summary: "Sends lines to an avro source, as flume-ng avro-client does.",
  usage: [
    "avro-client -H HOST -p PORT [-F FILE | --dirname DIR] [-R FILE]",
    "avro-client -P FILE [-F FILE | --dirname DIR] [-R FILE]",
  ],
  about: "Each line is an event. With host and port batches are of 5 events; the properties of -P can set\n" +
    "more: batch-size, client.type (default, default_failover, default_loadbalance, thrift),\n" +
    "compression-type, ssl. Lines count when the other side has accepted them; what was sent last\n" +
    "before a failure may have arrived.",
  options,
  rewrite: flumeWords(options),
  positionals: { min: 0, max: 0 },
  example: "sluice avro-client -H localhost -p 4141 -F access.log",
  exitCodes: ["ok", "usage", "failed"],
  async run({ values }) {
    const settings = await settingsOf(values);
    const headers = await headersOf(values.headerFile);
    const paths = pathsOf(values);
    for (const note of readFlumeHome(values).notes) printError(`note: ${note}\n`);
    const connect = await connector(settings);
    if (values.dryrun) return EXIT.ok;
    const progress = values.quiet ? undefined : await openProgress(totalBytes(paths));
    const tally = new Tally({ change: (state) => progress?.show(state), reason: () => {} });
    const sending = { sender: new HostsSender(settings, connect), headers, batchSize: settings.batchSize };
    try {
      await sendAll(paths, sending, tally);
    } finally {
      sending.sender.close();
      endProgress(progress, values.quiet === true, tally);
    }
    return EXIT.ok;
  },
});

interface Sending {
  readonly sender: HostsSender;
  readonly headers: ReadonlyMap<string, string>;
  readonly batchSize: number;
}

/** What is read, and whether it is marked when it is done; no path stands for standard input. */
interface SendPath {
  readonly path: string | undefined;
  readonly isSpooled: boolean;
}

async function sendAll(paths: readonly SendPath[], sending: Sending, tally: Tally): Promise<void> {
  for (const { path, isSpooled } of paths) {
    if (path === undefined) {
      const read = (into: Uint8Array) => Deno.stdin.read(into);
      await sendInput({ name: "standard input", read, isPrompt: true }, sending, tally);
      continue;
    }
    {
      using file = await openInput(path);
      await sendInput({ name: path, read: (into) => file.read(into), isPrompt: false }, sending, tally);
    }
    if (isSpooled) await completeFile(path);
  }
}

async function sendInput(input: LineInput, sending: Sending, tally: Tally): Promise<void> {
  const { sender, headers, batchSize } = sending;
  const { signal } = new AbortController();
  for await (const batch of lineBatches(input, { maxEvents: batchSize, headers })) {
    await sender.send(batch, signal);
    tally.accept(batch.size, batch.ends[batch.size - 1]! - batch.starts[0]! + 1);
  }
}

async function settingsOf({ rpcProps, host, port }: ClientValues): Promise<ClientSettings> {
  if (rpcProps !== undefined) return clientSettings(await readText(rpcProps, "--rpcProps"), rpcProps);
  if (host === undefined || port === undefined) {
    throw usageError("avro-client needs a target", "write --host HOST --port PORT, or --rpcProps FILE");
  }
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65535) {
    throw usageError(`--port cannot be "${port}"`, "write a number from 1 to 65535");
  }
  return plainClient({ hostname: host, port: Number(port) });
}

async function headersOf(path: string | undefined): Promise<ReadonlyMap<string, string>> {
  return path === undefined ? new Map() : new Map(propertyPairs(await readText(path, "--headerFile")));
}

function pathsOf({ filename, dirname }: ClientValues): readonly SendPath[] {
  if (dirname === undefined) return [{ path: filename, isSpooled: false }];
  if (filename !== undefined) {
    throw usageError("--filename and --dirname exclude each other", "leave out one of them");
  }
  return waitingFiles(dirname).map((path) => ({ path, isSpooled: true }));
}

async function readText(path: string, option: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new CommandError(`Cannot read "${path}"`, { cause, fix: `correct ${option}`, exit: "usage" });
  }
}

async function openInput(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    throw new CommandError(`Cannot read "${path}"`, { cause, fix: "correct the path, or make it readable" });
  }
}

/** 0 when not all lengths are known. */
function totalBytes(paths: readonly SendPath[]): number {
  try {
    return paths.reduce((sum, { path }) => sum + (path === undefined ? NaN : Deno.statSync(path).size), 0) ||
      0;
  } catch {
    return 0;
  }
}

function endProgress(progress: Progress | undefined, isQuiet: boolean, tally: Tally): void {
  progress?.end();
  if (!isQuiet) printError(tally.summary());
}
