import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { fileURLToPath } from "node:url";
import { type Expected, gather } from "./expected.ts";
import { until } from "./until.ts";

/** The folder of the project. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** Packages stay where they are, although HOME is another folder. */
const DENO_DIR = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;

/** What came out of a run. */
export interface Outcome {
  readonly code: number;
  readonly stderr: string;
  /** What came for each expected output, in their order. */
  readonly outputs: readonly string[];
}

/** How a pipeline is started. */
export interface RunOptions {
  readonly pipeline: string;
  readonly expected: Expected;
  /** An empty folder for `in`, `out` and state. */
  readonly folder: string;
  /** The program and the arguments in front of the pipeline; `deno run -A cli.ts` otherwise. */
  readonly program?: readonly string[];
  /** How long its output is waited for, where it does not end by itself. */
  readonly limitMs?: number;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Brings what it has written elsewhere below the folder, each time before outputs are compared. */
  readonly fetchOutput?: (folder: string) => Promise<void>;
}

/** Keeps what a stream brings as text. */
class Collector {
  text = "";
  readonly ended: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#read(stream);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.text += decoder.decode(chunk, { stream: true });
  }
}

/** Runs a pipeline as a process of its own, on what its `.expected` file says. */
export async function runPipeline(options: RunOptions): Promise<Outcome> {
  const { expected, folder } = options;
  await putFiles(expected, folder);
  const child = start(options);
  const [stdout, stderr] = [new Collector(child.stdout), new Collector(child.stderr)];
  await feedStdin(child, expected);
  for (const { file, contentType } of expected.post) {
    await post(`http://127.0.0.1:${await portOf(stderr)}/events`, file, contentType);
  }
  for (const file of expected.tcp) await sendTcp(await portOf(stderr), file);
  for (const file of expected.udp) await sendUdp(await portOf(stderr), file);
  if (expected.isEndless) {
    await until(`the output of ${options.pipeline}\n${stderr.text}`, async () => {
      await options.fetchOutput?.(folder);
      const outputs = collect(expected, folder, stdout.text);
      return expected.outputs.every(({ text }, at) => text !== "" && outputs[at] === text);
    }, options.limitMs).catch(() => {});
    child.kill("SIGTERM");
  }
  const { code } = await child.status;
  await Promise.all([stdout.ended, stderr.ended]);
  await options.fetchOutput?.(folder);
  return { code, stderr: stderr.text, outputs: collect(expected, folder, stdout.text) };
}

/** Copies what a pipeline finds in its folder `in`. */
export async function putFiles({ put }: Expected, folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/in`, { recursive: true });
  for (const file of put) await Deno.copyFile(`${ROOT}${file}`, `${folder}/in/${file.split("/").pop()}`);
}

function start({ pipeline, folder, program, env }: RunOptions): Deno.ChildProcess {
  const [command, ...args] = program ?? [Deno.execPath(), "run", "-A", "cli.ts"];
  return new Deno.Command(command!, {
    args: [...args, pipeline, "--log-format", "json", "--state-dir", `${folder}/state`],
    cwd: ROOT,
    env: {
      OUT: `${folder}/out`,
      IN: `${folder}/in`,
      HTTP_PORT: "0",
      SYSLOG_PORT: "0",
      AVRO_PORT: String(freePort()),
      HOME: folder,
      DENO_DIR,
      ...env,
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** A port that nobody uses now, for pipelines that send to themselves. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function feedStdin(child: Deno.ChildProcess, { stdin }: Expected): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    if (stdin !== undefined) await writer.write(await Deno.readFile(`${ROOT}${stdin}`));
    await writer.close();
  } catch {
    // A pipeline that does not read its standard input may have ended.
  }
}

async function portOf(stderr: Collector): Promise<number> {
  const port = () => /"Listening".*"port":(\d+)/.exec(stderr.text)?.[1];
  await until("the source to listen", () => port() !== undefined);
  return Number(port());
}

async function sendTcp(port: number, file: string): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(await Deno.readFile(`${ROOT}${file}`));
}

async function sendUdp(port: number, file: string): Promise<void> {
  const socket = createSocket("udp4");
  const lines = (await Deno.readTextFile(`${ROOT}${file}`)).split("\n").filter((line) => line !== "");
  for (const line of lines) {
    await new Promise<void>((sent, failed) => {
      socket.send(Buffer.from(line), port, "127.0.0.1", (fault) => fault ? failed(fault) : sent());
    });
  }
  await new Promise<void>((closed) => socket.close(() => closed()));
}

async function post(url: string, file: string, contentType: string): Promise<void> {
  const body = await Deno.readFile(`${ROOT}${file}`);
  const answer = await fetch(url, { method: "POST", body, headers: { "content-type": contentType } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${file} was answered ${answer.status} ${text}`);
}

function collect({ outputs }: Expected, folder: string, stdout: string): string[] {
  return outputs.map((output) => gather(output, folder, stdout));
}
