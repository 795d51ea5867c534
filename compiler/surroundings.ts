import type { Lookups } from "./interpolate.ts";
import type { Manifest, ModuleLoader } from "./resolve.ts";

/** What the compiler asks of the world, so that it runs wherever Web Streams do, and in tests. */
export interface Surroundings {
  env(name: string): string | undefined;
  readText(path: string): Promise<string>;
  fileExists?(path: string): Promise<boolean>;
  /** Imports a module from outside: a URL or package specifier, or, without `cwd`, a relative path. */
  load(specifier: string): Promise<unknown>;
  readonly homeDir: string;
  /** Folder under which a pipeline that names no `stateDir` gets one. */
  readonly stateRoot: string;
  /** The working folder, absolute; relative paths of pipeline files start there. */
  readonly cwd?: string;
  /** Which agent of the file to compile. */
  readonly agent?: string;
  /** The built-in plugins; those of `plugins/manifest.ts` otherwise. */
  readonly manifest?: Manifest;
}

/** What a pipeline asked of its surroundings while it was compiled; feeds `sluice permissions` and reload. */
export interface Uses {
  readonly env: readonly string[];
  readonly files: readonly string[];
  readonly modules: readonly string[];
}

/** The surroundings as seen from one pipeline file. */
export class FileSurroundings implements Lookups, ModuleLoader {
  readonly usedEnv = new Set<string>();
  readonly usedFiles = new Set<string>();
  readonly usedModules = new Set<string>();
  readonly #around: Surroundings;
  readonly #folder: string;

  constructor(around: Surroundings, file: string) {
    this.#around = around;
    const folder = file.includes("/") ? file.slice(0, file.lastIndexOf("/") + 1) : "";
    this.#folder = folder.startsWith("/") || around.cwd === undefined
      ? folder
      : `${around.cwd.replace(/\/$/, "")}/${folder}`;
  }

  /** All that was asked for so far. */
  get uses(): Uses {
    return { env: [...this.usedEnv], files: [...this.usedFiles], modules: [...this.usedModules] };
  }

  env(name: string): string | undefined {
    return this.#around.env(name);
  }

  async readText(path: string): Promise<string> {
    const full = this.#pathOf(path);
    this.usedFiles.add(full);
    return await this.#around.readText(full);
  }

  locate(specifier: string): string {
    if (!/^(?:\.{1,2}\/|\/|~\/)/.test(specifier)) return specifier;
    const path = this.#pathOf(specifier);
    if (!path.startsWith("/")) return path.startsWith(".") ? path : `./${path}`;
    return new URL(`file://${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`).href;
  }

  async load(specifier: string): Promise<unknown> {
    const path = specifier.startsWith("file:") ? decodeURIComponent(new URL(specifier).pathname) : undefined;
    if (path !== undefined && await this.#around.fileExists?.(path) === false) {
      throw new Error(`no such file "${path}"`);
    }
    return await this.#around.load(specifier);
  }

  #pathOf(path: string): string {
    if (path.startsWith("~/")) return this.#around.homeDir + path.slice(1);
    return path.startsWith("/") ? path : this.#folder + path;
  }
}
