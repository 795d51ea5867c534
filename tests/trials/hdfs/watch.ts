import { createHash } from "node:crypto";
import { until } from "../../support/until.ts";
import type { Look, SeenFile } from "./look.ts";
import { unpackLines } from "./unpack.ts";

const LOOK_MS = 100;
const END_LIMIT_MS = 30_000;
const FAULTS_KEPT = 12;
/** What readers of Hadoop pass over, or know by its end. */
const IN_USE = /\/\.[^/]*$|\.tmp$/;

/** A finished file as it was when it was first seen. */
interface Finished {
  readonly bytes: number;
  readonly hash: string;
}

/**
 * Looks at a target while something writes to it, and copies what is finished into a local folder, as lines, in files whose
 * names sort as theirs were begun. What is finished must be whole, and never change or go away.
 */
export class Watch {
  /** What a reader would have stumbled over. */
  readonly faults: string[] = [];
  /** Where the lines are. */
  readonly copy: string;
  /** Files that had no final name at the last look. */
  inUse: readonly SeenFile[] = [];
  looks = 0;
  /** Looks that the target did not answer. */
  blindLooks = 0;
  readonly #look: Look;
  readonly #finished = new Map<string, Finished>();
  readonly #ended: Promise<void>;
  #isStopped = false;
  /** Why the target did not answer. */
  #refusal: unknown;

  constructor(look: Look, copy: string) {
    Deno.mkdirSync(copy, { recursive: true });
    this.#look = look;
    this.copy = copy;
    this.#ended = this.#run();
  }

  /** Finished files so far. */
  get size(): number {
    return this.#finished.size;
  }

  /** Waits until a file is being written. */
  async untilInUse(limitMs = 20_000): Promise<void> {
    await until("a file in use", () => this.inUse.length > 0, limitMs);
  }

  /** Takes the last look, when nobody writes any more: nothing is unfinished, and all is as it was when it was first seen. */
  async finish(): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
    await until("a last look", () => this.#isSeen(), END_LIMIT_MS)
      .catch((cause) => this.#blame(`${cause}: ${this.#refusal}`));
    for (const { path, bytes } of this.inUse) this.#blame(`${path} stays behind, with ${bytes} bytes`);
    for (const [path, { hash }] of this.#finished) {
      const now = await this.#look.read(path).then(hashOf, String);
      if (now !== hash) this.#blame(`${path} has changed: ${now}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
    this.#look[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.looks++;
      if (!await this.#isSeen()) this.blindLooks++;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async #isSeen(): Promise<boolean> {
    try {
      await this.#seeAll();
      return true;
    } catch (cause) {
      this.#refusal = cause;
      return false;
    }
  }

  async #seeAll(): Promise<void> {
    const known = Array.from(this.#finished.keys());
    const files = await this.#look.list();
    const there = new Map(files.map((file) => [file.path, file]));
    this.inUse = files.filter(({ path }) => IN_USE.test(path));
    for (const path of known) this.#compare(path, there.get(path));
    for (const file of files) {
      if (!IN_USE.test(file.path) && !this.#finished.has(file.path)) await this.#take(file);
    }
  }

  #compare(path: string, seen: SeenFile | undefined): void {
    const { bytes } = this.#finished.get(path)!;
    if (!seen) this.#blame(`${path} is gone`);
    else if (seen.bytes !== bytes) this.#blame(`${path} has ${seen.bytes} bytes, and had ${bytes}`);
  }

  /** A target that does not let it be read now is asked again by the next look. */
  async #take({ path, bytes }: SeenFile): Promise<void> {
    const content = await this.#look.read(path);
    this.#finished.set(path, { bytes, hash: hashOf(content) });
    if (content.length !== bytes) {
      this.#blame(`${path} has ${content.length} bytes, and ${bytes} were listed`);
    }
    if (bytes === 0) this.#blame(`${path} is empty`);
    try {
      await Deno.writeFile(`${this.copy}/${copyName(path)}`, await unpackLines(content));
    } catch (cause) {
      this.#blame(`${path} is not whole: ${cause}`);
    }
  }

  #blame(fault: string): void {
    if (this.faults.length < FAULTS_KEPT && !this.faults.includes(fault)) this.faults.push(fault);
  }
}

/** Sorts by the counter that is in its name, which begins with the milliseconds of its bucket's first file. */
function copyName(path: string): string {
  const [, counter, count = "0"] = /\.(\d+)(?:-(\d+))?[^/]*$/.exec(path) ?? [];
  return `${counter}-${count} ${path.replaceAll("/", "_")}`;
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
