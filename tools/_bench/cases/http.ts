import { fileURLToPath } from "node:url";
import { makeLines } from "../access_log.ts";
import { Agent, RUN_FLAGS } from "../agent.ts";
import type { Row } from "../figures.ts";
import type { HttpOrder } from "../http_load.ts";
import type { Case, Lab } from "../lab.ts";
import { freePort, isListening, type LoadResult, putLoad } from "../load.ts";

/** What is posted, and on how many connections. */
export type Posts = Omit<HttpOrder, "port" | "seconds">;

interface HttpWork {
  readonly name: string;
  readonly title: string;
  readonly posts: Posts;
  readonly eventsPerRequest: number;
  readonly unit: string;
  readonly atLeast: number;
}

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 1;
const MEMORY = { type: "memory", capacity: 200_000, transactionCapacity: 50_000 };

/** Requests in, nothing out: what the way in costs. */
export const httpCases: readonly Case[] = [
  httpCase({
    name: "http/single",
    title: "http, one event a request → memory → null",
    posts: { connections: CONNECTIONS, contentType: "application/json", body: singleBody() },
    eventsPerRequest: 1,
    unit: "requests/s",
    atLeast: 80_000,
  }),
  httpCase({
    name: "http/ndjson",
    title: "http, 1 000 NDJSON lines a request → memory → null",
    posts: { connections: CONNECTIONS, contentType: "application/x-ndjson", body: linesBody(1000) },
    eventsPerRequest: 1000,
    unit: "events/s",
    atLeast: 2_500_000,
  }),
];

/** The body of a request with one event. */
export function singleBody(): string {
  const [line] = makeLines(1000).toString().split("\n");
  return JSON.stringify([{ headers: { host: "web-1" }, body: line }]);
}

function linesBody(lines: number): string {
  return makeLines(lines * 220).toString().split("\n").slice(0, lines)
    .map((line, id) => JSON.stringify({ id, host: "web-1", status: 200, request: /"(.*?)"/.exec(line)?.[1] }))
    .join("\n") + "\n";
}

function httpCase(work: HttpWork): Case {
  return {
    name: work.name,
    measure: async (lab) => {
      const runs = await lab.repeat(work.name, async () => ({
        bare: await loadBareServer(work.posts, lab),
        ...await loadAgent(MEMORY, work.posts, lab),
      }));
      return [rowOf(work, runs)];
    },
  };
}

function rowOf(work: HttpWork, runs: readonly AgentRun[]): Row {
  const rateOf = ({ accepted, ms }: LoadResult) => accepted * work.eventsPerRequest / (ms / 1000);
  return {
    name: work.title,
    unit: work.unit,
    values: runs.map(({ load }) => rateOf(load)),
    bar: { atLeast: work.atLeast },
    limit: { name: "bare server", values: runs.map(({ bare }) => rateOf(bare)) },
    peakBytes: runs.map(({ peakBytes }) => peakBytes),
    cpuSeconds: runs.map(({ cpuSeconds }) => cpuSeconds),
  };
}

/** A run of a pipeline under load. */
export interface AgentRun {
  readonly bare: LoadResult;
  readonly load: LoadResult;
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

/** The same load on a server that only reads bodies: what this machine and this load generator can do. */
async function loadBareServer(posts: Posts, lab: Lab): Promise<LoadResult> {
  const port = freePort();
  const script = fileURLToPath(new URL("../bare_server.ts", import.meta.url));
  const args = [...RUN_FLAGS, script, String(port)];
  const server = new Deno.Command(Deno.execPath(), { args, stdin: "null" }).spawn();
  try {
    while (!await isListening(port)) await new Promise((resolve) => setTimeout(resolve, 5));
    return await measureLoad({ ...posts, port }, lab);
  } finally {
    server.kill("SIGKILL");
    await server.status;
  }
}

/** Puts a load on a pipeline from an HTTP endpoint to nowhere, through a channel. */
export async function loadAgent(channel: unknown, posts: Posts, lab: Lab): Promise<Omit<AgentRun, "bare">> {
  const port = freePort();
  return await lab.inFolder(async (folder) => {
    await using agent = await Agent.start(
      {
        source: { type: "http", bind: "127.0.0.1", port },
        channel,
        sink: { type: "null" },
      },
      folder,
      lab,
    );
    await agent.until("it listened", () => isListening(port));
    const load = await measureLoad({ ...posts, port }, lab);
    const { peakBytes, cpuSeconds } = await agent.stop();
    if (load.refused > 0) lab.say(`${load.refused} requests were refused`);
    return { load, peakBytes, cpuSeconds };
  });
}

async function measureLoad(order: Omit<HttpOrder, "seconds">, lab: Lab): Promise<LoadResult> {
  await putLoad("http_load", { ...order, seconds: WARM_UP_SECONDS });
  return await putLoad("http_load", { ...order, seconds: lab.options.loadSeconds });
}
