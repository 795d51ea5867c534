import type { Compiled } from "../../compiler/compile.ts";
import { errorText } from "../../core/mod.ts";
import type { Configuration } from "../_launch.ts";
import { type CompileAbout, compileTexts, type ConfigurationText } from "../_pipeline_file.ts";
import type { ChangeListener } from "../_reload.ts";
import type { Backup } from "./backup.ts";
import type { ConfigurationPlace } from "./place.ts";

/** What an agent's configuration is read with. */
export interface AgentConfigurationOptions {
  /** In the order in which they are merged: later values win. */
  readonly places: readonly ConfigurationPlace[];
  readonly about: CompileAbout;
  readonly isWatched: boolean;
  /** A configuration that is not there yet is waited for. */
  readonly isAwaited: boolean;
  readonly backup?: Backup | undefined;
  /** Tells an operator what becomes of the configuration. */
  warn(text: string): void;
}

/** The configuration of an agent as flume-ng reads it: from several places at once, with a copy of the last good one. */
export class AgentConfiguration implements Configuration {
  readonly #options: AgentConfigurationOptions;
  #isFirst = true;

  constructor(options: AgentConfigurationOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.places.map(({ name }) => name).join(" ");
  }

  get watch(): Configuration["watch"] {
    return this.#options.isWatched ? (listener) => this.#watchAll(listener) : undefined;
  }

  async compile(): Promise<Compiled> {
    const { texts, isBackup } = this.#isFirst
      ? await this.#readFirst()
      : { texts: await this.#read(), isBackup: false };
    const compiled = await compileTexts(texts, this.#options.about);
    if (!compiled.plan) return compiled;
    this.#isFirst = false;
    if (!isBackup) await this.#keep(texts);
    return compiled;
  }

  /** Lets go of connections. */
  close(): void {
    for (const place of this.#options.places) place.close?.();
  }

  async #read(): Promise<ConfigurationText[]> {
    const texts: ConfigurationText[] = [];
    for (const place of this.#options.places) texts.push(await place.read());
    return texts;
  }

  async #readFirst(): Promise<{ texts: readonly ConfigurationText[]; isBackup: boolean }> {
    const { backup, isAwaited, warn } = this.#options;
    while (true) {
      try {
        return { texts: await this.#read(), isBackup: false };
      } catch (cause) {
        const texts = await backup?.read() ?? [];
        if (texts.length > 0) {
          const files = texts.map(({ file }) => file).join(", ");
          warn(`${errorText(cause)}; starting with the last good configuration: ${files}`);
          return { texts, isBackup: true };
        }
        if (!isAwaited) throw cause;
        warn(`${errorText(cause)}; waiting for it`);
        await this.#change();
      }
    }
  }

  /** Waits until a place has something new. */
  #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const unwatch = this.#watchAll({ changed: () => resolve(), failed: (text) => this.#options.warn(text) });
    return promise.finally(unwatch);
  }

  async #keep(texts: readonly ConfigurationText[]): Promise<void> {
    try {
      await this.#options.backup?.keep(texts);
    } catch (cause) {
      this.#options.warn(errorText(cause));
    }
  }

  #watchAll(listener: ChangeListener): () => void {
    const unwatch = this.#options.places.map((place) => place.watch(listener));
    return () => unwatch.forEach((stop) => stop());
  }
}
