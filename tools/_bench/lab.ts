import { type InputFile, writeInput } from "./access_log.ts";
import type { Row } from "./figures.ts";
import type { BenchOptions } from "./options.ts";

/** A measurement that can be asked for by name. */
export interface Case {
  /** Such as `file/taildir`. */
  readonly name: string;
  measure(lab: Lab): Promise<readonly Row[]>;
}

/** Where cases work: a folder, an input that is made once, and a line for progress. */
export class Lab {
  readonly options: BenchOptions;
  readonly folder: string;
  #input: Promise<InputFile> | undefined;
  #folders = 0;

  constructor(options: BenchOptions, folder: string) {
    this.options = options;
    this.folder = folder;
  }

  /** The access log that all file cases read. */
  input(): Promise<InputFile> {
    return this.#input ??= this.#makeInput();
  }

  /** An empty folder for one run. */
  async emptyFolder(): Promise<string> {
    const folder = `${this.folder}/run-${++this.#folders}`;
    await Deno.mkdir(folder);
    return folder;
  }

  /** Runs something in a folder of its own that is removed afterwards. */
  async inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
    const folder = await this.emptyFolder();
    try {
      return await run(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }

  /** Measures as often as the options say. */
  async repeat<T>(name: string, measure: () => Promise<T>): Promise<T[]> {
    const values: T[] = [];
    for (let run = 1; run <= this.options.runs; run++) {
      this.say(`${name}: run ${run} of ${this.options.runs}`);
      values.push(await measure());
    }
    return values;
  }

  /** Tells whoever waits what is going on. */
  say(text: string): void {
    console.error(text);
  }

  async #makeInput(): Promise<InputFile> {
    const folder = `${this.folder}/input`;
    await Deno.mkdir(folder);
    this.say(`making an input of ${(this.options.inputBytes / 1e6).toFixed(0)} MB`);
    return await writeInput(`${folder}/access.log`, this.options.inputBytes);
  }
}
