import type { FilterSources } from "./config_filters.ts";
import type { Manifest } from "./resolve.ts";
import type { Syntax } from "./syntax.ts";
import type { LookupSources } from "./variables.ts";

/** What the compiler asks of the world, so that it runs wherever Web Streams do, and in tests. */
export interface Surroundings {
  env(name: string): string | undefined;
  readText(path: string): Promise<string>;
  fileExists?(path: string): Promise<boolean>;
  /** Imports a module from outside: a URL or package specifier, or, without `cwd`, a relative path. */
  load(specifier: string): Promise<unknown>;
  readonly homeDir: string;
  /** Where a pipeline keeps its state, from its name and what its file says of that. */
  stateDir(name: string, written: string | undefined): string;
  /** The working folder, absolute; relative paths of pipeline files start there. */
  readonly cwd?: string;
  /** Which agent of the file to compile. */
  readonly agent?: string;
  /** How the files are written; otherwise their names and texts tell. */
  readonly syntax?: Syntax["name"];
  /** Java system properties (`-D`), which `${sys:name}` reads. */
  readonly systemProperties?: Readonly<Record<string, string>>;
  /** Java class → module that takes its place; relative paths start at the working folder. */
  readonly classes?: Readonly<Record<string, string>>;
  /** Runs a command of a config filter to its end; rejects when it cannot be started. */
  run?(command: readonly string[]): Promise<{ readonly code: number; readonly output: Uint8Array }>;
  /** The clock for `${date:…}`. */
  now?(): Date;
  /** The built-in plugins; those of `plugins/manifest.ts` otherwise. */
  readonly manifest?: Manifest;
}

/** What a pipeline asked of its surroundings while it was compiled; feeds `sluice permissions` and reload. */
export interface Uses {
  readonly env: readonly string[];
  readonly files: readonly string[];
  readonly modules: readonly string[];
  /** Programs that config filters ran. */
  readonly commands?: readonly string[];
}

/** The surroundings as seen from one pipeline file. */
export class FileSurroundings implements LookupSources, FilterSources {
  readonly usedModules = new Set<string>();
  readonly #usedEnv = new Set<string>();
  readonly #usedFiles = new Set<string>();
  readonly #usedCommands = new Set<string>();
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
    return {
      env: [...this.#usedEnv],
      files: [...this.#usedFiles],
      modules: [...this.usedModules],
      ...this.#usedCommands.size > 0 && { commands: [...this.#usedCommands] },
    };
  }

  env(name: string): string | undefined {
    this.#usedEnv.add(name);
    return this.#around.env(name);
  }

  systemProperty(name: string): string | undefined {
    const { systemProperties = {}, homeDir, cwd } = this.#around;
    if (Object.hasOwn(systemProperties, name)) return systemProperties[name];
    switch (name) {
      case "user.home":
        return homeDir;
      case "user.dir":
        return cwd;
      case "user.name":
        return this.env("USER");
      case "java.io.tmpdir":
        return this.env("TMPDIR") ?? "/tmp";
    }
  }

  now(): Date {
    return this.#around.now?.() ?? new Date();
  }

  async run(command: readonly string[]): Promise<{ readonly code: number; readonly output: Uint8Array }> {
    this.#usedCommands.add(command[0]!);
    if (!this.#around.run) throw new Error("commands cannot be run here");
    return await this.#around.run(command);
  }

  /** The classes that were named from outside, their modules as `locate` gives them. */
  get classes(): Readonly<Record<string, string>> {
    const { classes = {}, cwd } = this.#around;
    return Object.fromEntries(
      Object.entries(classes).map(([name, module]) => [
        name,
        cwd !== undefined && /^\.{1,2}\//.test(module) ? `${cwd.replace(/\/$/, "")}/${module}` : module,
      ]),
    );
  }

  /** Reads a file that may be there or not. */
  async readOptional(path: string): Promise<string | undefined> {
    const full = this.#pathOf(path);
    if (await this.#around.fileExists?.(full) !== true) return undefined;
    return await this.readText(path);
  }

  async readText(path: string): Promise<string> {
    const full = this.#pathOf(path);
    this.#usedFiles.add(full);
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
