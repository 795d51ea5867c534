import type { ConfigurationText } from "../_pipeline_file.ts";
import { CommandError } from "../exit.ts";

/** Keeps the last good configuration in a folder, one file for each text: `a1-1.conf`, `a1-2.conf` … */
export class Backup {
  readonly #folder: string;
  readonly #stem: string;

  constructor(folder: string, agent: string) {
    this.#folder = folder.replace(/(?<=.)\/+$/, "");
    this.#stem = agent.replace(/[^\w.-]/g, "_");
  }

  /**
   * Keeps these texts and nothing older. They may hold passwords, so nobody else may read them.
   * @throws {CommandError} when they cannot be written.
   */
  async keep(texts: readonly ConfigurationText[]): Promise<void> {
    try {
      await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const former = await this.#files();
      const paths = texts.map(({ file }, index) =>
        `${this.#folder}/${this.#stem}-${index + 1}${endingOf(file)}`
      );
      for (const [index, path] of paths.entries()) {
        await Deno.writeTextFile(`${path}.new`, texts[index]!.text, { mode: 0o600 });
        await Deno.rename(`${path}.new`, path);
      }
      for (const path of former) if (!paths.includes(path)) await Deno.remove(path);
    } catch (cause) {
      throw new CommandError(`Cannot keep the configuration in "${this.#folder}"`, {
        cause,
        fix: "make the folder writable, or name another one: --backup-directory DIR",
      });
    }
  }

  /** The texts that were kept last; empty when there are none. */
  async read(): Promise<ConfigurationText[]> {
    const texts: ConfigurationText[] = [];
    for (const file of await this.#files()) texts.push({ text: await Deno.readTextFile(file), file });
    return texts;
  }

  async #files(): Promise<string[]> {
    const found: { readonly path: string; readonly number: number }[] = [];
    try {
      for await (const { name } of Deno.readDir(this.#folder)) {
        const rest = name.startsWith(`${this.#stem}-`) ? name.slice(this.#stem.length + 1) : "";
        const [, number] = /^(\d+)\.(?:conf|properties|flume|ya?ml|text)$/.exec(rest) ?? [];
        if (number !== undefined) found.push({ path: `${this.#folder}/${name}`, number: Number(number) });
      }
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    }
    return found.sort((one, other) => one.number - other.number).map(({ path }) => path);
  }
}

/** The syntax follows from it when the file is read again; one that is not known makes the compiler look at the text. */
function endingOf(file: string): string {
  return /\.(?:conf|properties|flume|ya?ml)$/i.exec(file)?.[0].toLowerCase() ?? ".text";
}
