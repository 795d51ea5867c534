import type { Unsynced } from "./unsynced.ts";

/** A call that changes the disk. */
type Call = (...args: never[]) => unknown;

const FUNCTIONS = [
  "openSync",
  "open",
  "renameSync",
  "linkSync",
  "removeSync",
  "remove",
  "mkdirSync",
] as const;
const METHODS = ["writeSync", "write", "truncateSync", "syncData", "sync"] as const;

/** How often the disk refuses a sync. */
const REFUSED_SYNCS = 0.01;

/**
 * Lets the process die, as far as the disk can tell, at a call that would change it: that one is done, half done or not
 * done, and no later one is. Before that it refuses a sync now and then. Ends when disposed of.
 */
export class DyingDisk implements Disposable {
  readonly #real: Map<string, Call>;
  readonly #names: { readonly file: object; path: string }[] = [];
  readonly #random: () => number;
  readonly #unsynced: Unsynced | undefined;
  #callsLeft: number;
  #hasRefused = false;

  constructor(calls: number, random: () => number, unsynced?: Unsynced) {
    this.#callsLeft = calls;
    this.#random = random;
    this.#unsynced = unsynced;
    const holders = [[Deno, FUNCTIONS], [Deno.FsFile.prototype, METHODS]] as const;
    this.#real = new Map(
      holders.flatMap(([holder, names]) =>
        names.map((name) => [name, (holder as unknown as Record<string, Call>)[name]!])
      ),
    );
    const dying = Array.from(this.#real, ([name, call]) => [name, this.#dying(name, call)] as const);
    for (const [name, call] of dying) this.#set(name, call);
  }

  get isDead(): boolean {
    return this.#callsLeft <= 0;
  }

  /** Whether a sync has failed. */
  get hasRefused(): boolean {
    return this.#hasRefused;
  }

  [Symbol.dispose](): void {
    for (const [name, call] of this.#real) this.#set(name, call);
  }

  #set(name: string, call: Call): void {
    Object.assign(FUNCTIONS.some((one) => one === name) ? Deno : Deno.FsFile.prototype, { [name]: call });
  }

  #dying(name: string, real: Call): Call {
    // deno-lint-ignore no-this-alias -- The replacement has the file as its own.
    const disk = this;
    return function (this: object, ...args: never[]) {
      if (disk.isDead) throw new Error("killed");
      if (--disk.#callsLeft > 0) return disk.#watched(this, [name, real], args);
      if (name === "writeSync" || name === "write") {
        const bytes: Uint8Array = args[0]!;
        const some = bytes.subarray(0, Math.floor(disk.#random() * (bytes.length + 1)));
        disk.#real.get("writeSync")!.call(this, some as never);
      } else if (name === "renameSync" && disk.#random() < 0.5) disk.#watched(this, [name, real], args);
      throw new Error("killed");
    };
  }

  /** Calls the real thing and remembers what that makes certain. */
  #watched(file: object, [name, real]: readonly [string, Call], args: never[]): unknown {
    const [first, second] = args as unknown as [string, string];
    if (name === "openSync") this.#unsynced?.opening(first);
    if (name === "renameSync") this.#unsynced?.renaming(first, second);
    if (name === "linkSync") this.#unsynced?.linking(first, second);
    if (name === "removeSync" || name === "remove") this.#unsynced?.removing(first);
    if (name === "syncData" || name === "sync") {
      return this.#sync(file, real.apply(file, args) as Promise<void>);
    }
    const answer = real.apply(file, args);
    if (name === "openSync") this.#names.push({ file: answer as object, path: first });
    if (name === "renameSync") this.#rename(first, second);
    return name === "open" ? this.#opened(answer as Promise<object>, first) : answer;
  }

  async #opened(opening: Promise<object>, path: string): Promise<object> {
    const file = await opening;
    this.#names.push({ file, path });
    return file;
  }

  #rename(from: string, to: string): void {
    for (const name of this.#names) if (name.path === from) name.path = to;
  }

  async #sync(file: object, done: Promise<void>): Promise<void> {
    const path = this.#names.find((name) => name.file === file)!.path;
    const succeed = this.#unsynced?.syncing(path);
    await done;
    // Nobody hears of it any more.
    if (this.isDead) throw new Error("killed");
    if (this.#random() < REFUSED_SYNCS) {
      this.#hasRefused = true;
      throw new Error("Input/output error (os error 5)");
    }
    succeed?.();
  }
}
