import { until } from "../support/until.ts";

/** A real server at work. */
export interface RunningServer {
  /** Where it is reached: what `servers run NAME` prints. */
  readonly env: Record<string, string>;
  /** Does what its `NAME.sh` calls a control, such as `kill 2`; `env` has what that printed. */
  control(words: string): Promise<void>;
  stop(): Promise<void>;
}

type Body = (env: Record<string, string>, servers: readonly RunningServer[]) => Promise<void>;

const TOOL = new URL("./servers", import.meta.url).pathname;
/** Where this is `required`, a server that cannot be had is an error; otherwise its tests are left out. */
const IS_REQUIRED = Deno.env.get("SLUICE_SERVERS") === "required";
/** Its own limit on a start, and what it needs to end what it started. */
const START_LIMIT_MS = 80_000;

/**
 * Starts a real server of its own for this test process on free ports; resolves with what it printed.
 * Undefined, and a reason on the console, where it cannot be had.
 */
export async function startServer(
  name: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningServer | undefined> {
  const refusal = refusalOf(name);
  if (refusal !== undefined && IS_REQUIRED) throw new Error(refusal);
  if (refusal !== undefined) {
    console.log(refusal);
    return undefined;
  }
  const server = new ServerProcess(name, settings);
  try {
    await until(`${name} to start`, () => server.answers > 0 || server.hasEnded, START_LIMIT_MS);
    if (server.hasEnded) throw new Error(`Cannot start ${name}: ${await server.complaint}`);
  } catch (cause) {
    await server.stop();
    throw cause;
  }
  return server;
}

/**
 * A test that needs servers, which run while it does; it gets what they all printed, and themselves. Ignored with the reason where one
 * cannot be had, but an error in CI (SLUICE_SERVERS=required). Servers that the test starts itself, with settings that are
 * known only then, are named as `needs`.
 */
export function serverTest(
  server: string | readonly string[] | { readonly needs: readonly string[] },
  name: string,
  body: Body,
): void {
  const started = typeof server === "string" ? [server] : "needs" in server ? [] : server;
  const needed = typeof server === "object" && "needs" in server ? server.needs : started;
  testWith(needed, name, () => withServers(started, body));
}

/** A `serverTest` for tests of one file that share one server, which starts with the first of them and ends after all. */
export function sharedServerTest(
  name: string,
  settings: Readonly<Record<string, string>> = {},
): (name: string, body: (server: RunningServer) => Promise<void>) => void {
  let running: Promise<RunningServer | undefined> | undefined;
  Deno.test.afterAll(async () => await (await running?.catch(() => undefined))?.stop());
  return (test, body) =>
    testWith([name], test, async () => await body((await (running ??= startServer(name, settings)))!));
}

function testWith(needed: readonly string[], name: string, body: () => Promise<void>): void {
  const refusal = needed.map(refusalOf).find((refusal) => refusal !== undefined);
  Deno.test({
    name: refusal === undefined || IS_REQUIRED ? name : `${name} (left out: ${refusal})`,
    ignore: refusal !== undefined && !IS_REQUIRED,
    fn: async () => {
      if (refusal !== undefined) throw new Error(refusal);
      await body();
    },
  });
}

async function withServers(
  names: readonly string[],
  body: Body,
): Promise<void> {
  const starts = await Promise.allSettled(names.map((name) => startServer(name)));
  const running = starts.flatMap((start) => start.status === "fulfilled" ? [start.value!] : []);
  try {
    for (const start of starts) if (start.status === "rejected") throw start.reason;
    await body(Object.assign({}, ...running.map(({ env }) => env)), running);
  } finally {
    await Promise.all(running.map((server) => server.stop()));
  }
}

const refusals = new Map<string, string | undefined>();

/** Why a server cannot be had here. */
function refusalOf(name: string): string | undefined {
  if (!refusals.has(name)) {
    const { code, stderr } = new Deno.Command(TOOL, { args: ["has", name], stderr: "piped" }).outputSync();
    const reason = new TextDecoder().decode(stderr).trim().replace(/^servers: error: /, "");
    if (code > 1) throw new Error(reason);
    refusals.set(name, code === 0 ? undefined : reason);
  }
  return refusals.get(name);
}

/** `servers run`, which ends the server when its standard input ends: also when this process is killed. */
class ServerProcess implements RunningServer {
  env: Record<string, string> = {};
  /** To the start, and to each control. */
  answers = 0;
  hasEnded = false;
  readonly complaint: Promise<string>;
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #ended: Promise<unknown>;

  constructor(name: string, settings: Readonly<Record<string, string>>) {
    const args = ["run", name, ...Object.entries(settings).map(([key, value]) => `${key}=${value}`)];
    this.#name = name;
    this.#child = new Deno.Command(TOOL, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.complaint = new Response(this.#child.stderr).text();
    this.#ended = Promise.all([this.#read(), this.complaint, this.#child.status]);
  }

  async control(words: string): Promise<void> {
    const wanted = this.answers + 1;
    await this.#stdin.write(new TextEncoder().encode(`${words}\n`));
    const what = `${this.#name} to obey "${words}"`;
    await until(what, () => this.answers >= wanted || this.hasEnded, START_LIMIT_MS);
    if (this.hasEnded) throw new Error(`Waited in vain for ${what}: ${await this.complaint}`);
  }

  async stop(): Promise<void> {
    await this.#stdin.close().catch(() => {});
    await this.#ended;
  }

  async #read(): Promise<void> {
    let text = "";
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (!text.endsWith("\n\n")) continue;
      this.env = { ...this.env, ...parseEnv(text) };
      this.answers++;
      text = "";
    }
    this.hasEnded = true;
  }
}

function parseEnv(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.includes("="));
  return Object.fromEntries(lines.map((line) => [line.split("=", 1)[0]!, line.slice(line.indexOf("=") + 1)]));
}
