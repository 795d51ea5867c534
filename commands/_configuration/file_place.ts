import type { ConfigurationText } from "../_pipeline_file.ts";
import { type ChangeListener, watchFile } from "../_reload.ts";
import { CommandError } from "../exit.ts";
import type { ConfigurationPlace } from "./place.ts";

/** A file; changes are found by looking at its text. */
export class FilePlace implements ConfigurationPlace {
  readonly name: string;
  readonly #path: string;
  readonly #lookMs: number;
  #text: string | undefined;

  constructor(path: string, about: { readonly lookMs: number; readonly name?: string }) {
    this.#path = path;
    this.name = about.name ?? path;
    this.#lookMs = about.lookMs;
  }

  async read(): Promise<ConfigurationText> {
    try {
      this.#text = await Deno.readTextFile(this.#path);
      return { text: this.#text, file: this.#path };
    } catch (cause) {
      const isMissing = cause instanceof Deno.errors.NotFound;
      throw new CommandError(
        isMissing ? `There is no file "${this.#path}"` : `Cannot read the file "${this.#path}"`,
        {
          ...!isMissing && { cause },
          fix: isMissing
            ? "correct the path; a relative one starts at the working folder"
            : "make it readable",
          exit: "findings",
        },
      );
    }
  }

  /** A file that could not be read yet is told of when it can. */
  watch(listener: ChangeListener): () => void {
    return watchFile(this.#path, { lookMs: this.#lookMs, known: this.#text ?? "" }, listener);
  }
}
