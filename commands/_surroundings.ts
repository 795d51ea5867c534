import type { Surroundings } from "../compiler/surroundings.ts";

/** How long a command of a config filter may take, and how much it may write. */
const RUN_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

/** The user's folder; the working folder where there is none. */
export function homeDir(): string {
  return Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? Deno.cwd();
}

/** Makes a path absolute; `~/` is the user's folder. */
export function absolutePath(path: string): string {
  if (path === "~" || path.startsWith("~/")) return homeDir() + path.slice(1);
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path)
    ? path
    : `${Deno.cwd().replace(/\/$/, "")}/${path}`;
}

/**
 * Where the state of a pipeline file lies that does not say so, by the pipeline's name: `$SLUICE_STATE_DIR/<name>`, else
 * `~/.sluice/<name>-<hash of the file's path or address>`, so that two files of one name do not share their positions.
 */
export function stateFolderOf(file: string): (name: string) => string {
  const root = Deno.env.get("SLUICE_STATE_DIR");
  if (root !== undefined && root !== "") return (name) => `${absolutePath(root)}/${name}`;
  const hash = shortHash(/^[a-z][a-z0-9+.-]+:/i.test(file) ? file : realPath(file));
  return (name) => `${homeDir()}/.sluice/${name}-${hash}`;
}

/** What the command line adds to Deno's surroundings. */
export interface WrittenSurroundings {
  readonly systemProperties?: Readonly<Record<string, string>>;
  /** Java class → module. */
  readonly classes?: Readonly<Record<string, string>>;
}

/** Gives the compiler Deno's environment, files and imports; of a lone folder for states each pipeline gets a part. */
export function denoSurroundings(
  agent: string | undefined,
  state: string | Surroundings["stateDir"],
  { systemProperties = {}, classes = {} }: WrittenSurroundings = {},
): Surroundings {
  return {
    env: (name) => Deno.env.get(name),
    systemProperties,
    classes,
    readText: (path) => Deno.readTextFile(path),
    fileExists: async (path) => await Deno.stat(path).then(({ isFile }) => isFile, () => false),
    load,
    run: runCommand,
    homeDir: homeDir(),
    stateDir: typeof state === "string" ? (name, written) => written ?? `${state}/${name}` : state,
    cwd: Deno.cwd(),
    ...agent !== undefined && { agent },
  };
}

/** Runs a command of a config filter; what it writes and how long it takes is limited. */
async function runCommand([program = "", ...args]: readonly string[]) {
  const signal = AbortSignal.timeout(RUN_MS);
  const options = { args, stdin: "null", stdout: "piped", stderr: "null", signal } as const;
  const child = new Deno.Command(program, options).spawn();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const collect = new WritableStream<Uint8Array>({
    write(chunk) {
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES) {
        throw new RangeError(`the command wrote more than ${MAX_OUTPUT_BYTES} bytes`);
      }
      chunks.push(chunk);
    },
  });
  try {
    await child.stdout.pipeTo(collect, { signal });
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new Error(`the command took longer than ${RUN_MS / 1000} s`);
  }
  const { code } = await child.status;
  return { code, output: new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()) };
}

async function load(specifier: string): Promise<unknown> {
  try {
    return await import(specifier);
  } catch (cause) {
    if (!Deno.build.standalone || !/\.[mc]?tsx?$/.test(specifier)) throw cause;
    const text =
      "a compiled program reads plugins in JavaScript: make one with `deno transpile plugin.ts -o plugin.js`";
    throw new Error(text, { cause });
  }
}

/** FNV-1a in eight hex digits: it tells files apart, and needs no module that would cost time at the start. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

function realPath(file: string): string {
  try {
    return Deno.realPathSync(file);
  } catch {
    return absolutePath(file);
  }
}
