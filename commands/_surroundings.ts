import type { Surroundings } from "../compiler/surroundings.ts";

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
 * Where the state of a pipeline file lies: a `root` for the compiler, and the folder that takes the place of what the
 * compiler makes of it, so that two files of one name do not share their positions.
 */
export interface StateRoot {
  readonly root: string;
  folder(name: string): string;
}

/** `$SLUICE_STATE_DIR/<name>`, else `~/.sluice/<name>-<hash of the file's path>`. */
export function stateRootOf(file: string): StateRoot {
  const root = Deno.env.get("SLUICE_STATE_DIR");
  if (root !== undefined && root !== "") return { root, folder: (name) => `${absolutePath(root)}/${name}` };
  const hash = shortHash(realPath(file));
  const home = homeDir();
  return { root: `${home}/.sluice/${hash}`, folder: (name) => `${home}/.sluice/${name}-${hash}` };
}

/** Gives the compiler Deno's environment, files and imports. */
export function denoSurroundings(agent: string | undefined, stateRoot: string): Surroundings {
  return {
    env: (name) => Deno.env.get(name),
    readText: (path) => Deno.readTextFile(path),
    fileExists: async (path) => await Deno.stat(path).then(({ isFile }) => isFile, () => false),
    load,
    homeDir: homeDir(),
    stateRoot,
    cwd: Deno.cwd(),
    ...agent !== undefined && { agent },
  };
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
