import { errorText } from "../core/errors.ts";
import { type AnyPlugin, PLUGIN_KINDS, type PluginKind } from "../core/plugin.ts";
import type { ClassMap } from "./classes.ts";
import type { Report } from "./diagnostics.ts";
import { findKnown } from "./known.ts";
import { didYouMean } from "./nearest.ts";
import type { Place } from "./tree.ts";

/** The built-in plugins: kind → name → how to load it. */
export type Manifest = Readonly<
  Record<
    PluginKind,
    Readonly<Record<string, { load(): Promise<unknown>; readonly aliases: readonly string[] }>>
  >
>;

/** A word written after `type:`, and who wrote it. */
export interface TypeRequest {
  readonly kind: PluginKind;
  readonly word: string;
  readonly place: Place;
  /** Who asks, for the complaint: `source "in"`. */
  readonly subject: string;
}

/** A plugin, and the word that stands for it in a plan. */
export interface Resolved {
  readonly plugin: AnyPlugin;
  readonly type: string;
}

/** How modules from outside are found. */
export interface ModuleLoader {
  load(specifier: string): Promise<unknown>;
  /** Makes what stands in a pipeline file into what `load` takes. */
  locate(specifier: string): string;
  readonly usedModules: Set<string>;
}

const SPECIFIER = /^(?:\.{1,2}\/|\/|~\/|file:|https?:|npm:|jsr:|data:)/;
const CHOICES_SHOWN = 12;

/** Finds plugins by name, by Flume's class name, by path or by specifier. */
export class Resolver {
  readonly #manifest: Manifest;
  readonly #loader: ModuleLoader;
  readonly #classes: ClassMap;
  readonly #report: Report;
  readonly #words = new Map<PluginKind, ReadonlyMap<string, string>>();
  readonly #loading = new Map<string, Promise<unknown>>();

  constructor(manifest: Manifest, loader: ModuleLoader, about: { classes: ClassMap; report: Report }) {
    this.#manifest = manifest;
    this.#loader = loader;
    this.#classes = about.classes;
    this.#report = about.report;
  }

  /** The plugin; nothing, and a complaint, when there is none. */
  async resolve(request: TypeRequest): Promise<Resolved | undefined> {
    const { kind, word } = request;
    const module = this.#classes.moduleOf(word);
    if (module !== undefined) return await this.#outside({ ...request, word: module });
    if (SPECIFIER.test(word)) return await this.#outside(request);
    const name = this.#wordsOf(kind).get(plainWord(word));
    if (name === undefined) return this.#unknown(request);
    const loaded = await this.#load(request, `${kind} ${name}`, () => this.#manifest[kind][name]!.load());
    const plugin = loaded && this.#pluginOf(loaded.module, request);
    return plugin && { plugin, type: plugin.name };
  }

  /** Names and aliases in lower case → name. */
  #wordsOf(kind: PluginKind): ReadonlyMap<string, string> {
    const known = this.#words.get(kind);
    if (known) return known;
    const words = new Map<string, string>();
    for (const [name, { aliases }] of Object.entries(this.#manifest[kind] ?? {})) {
      for (const alias of aliases) words.set(plainWord(alias), name);
      words.set(name.toLowerCase(), name);
    }
    this.#words.set(kind, words);
    return words;
  }

  async #outside(request: TypeRequest): Promise<Resolved | undefined> {
    const specifier = this.#loader.locate(request.word);
    this.#loader.usedModules.add(specifier);
    const loaded = await this.#load(request, specifier, () => this.#loader.load(specifier));
    const plugin = loaded && this.#pluginOf(loaded.module, request);
    return plugin && { plugin, type: request.word };
  }

  /** Each module is asked for once: hundreds of imports that are under way at a time cost more than all the rest. */
  async #load(
    request: TypeRequest,
    id: string,
    load: () => Promise<unknown>,
  ): Promise<{ module: unknown } | undefined> {
    const loading = this.#loading.get(id) ?? load();
    this.#loading.set(id, loading);
    try {
      return { module: await loading };
    } catch (cause) {
      const text = errorText(cause).split("\n")[0]!;
      const isMissing = /module not found|cannot find|not found in|enoent|no such file/i.test(text);
      this.#complain(isMissing ? "missing-plugin" : "broken-plugin", request, {
        text: `cannot load its plugin "${request.word}": ${text}`,
        fix: isMissing
          ? "correct the path (a relative one starts at the folder of the pipeline file) or the specifier"
          : "correct the module; `deno check` on it says more",
      });
      return undefined;
    }
  }

  #pluginOf(module: unknown, request: TypeRequest): AnyPlugin | undefined {
    const { kind, word } = request;
    const plugin = (module as { default?: unknown } | null | undefined)?.default;
    const example = `define${kind.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())}`;
    if (plugin === undefined) {
      return this.#complain("broken-plugin", request, {
        text: `module "${word}" has no default export`,
        fix: `write: export default ${example}({ … }), with ${example} from "sluice/plugin"`,
      });
    }
    if (!isPlugin(plugin)) {
      return this.#complain("broken-plugin", request, {
        text: `the default export of "${word}" is not a plugin`,
        fix: `write: export default ${example}({ name, summary, config, examples, create })`,
      });
    }
    if (plugin.kind === kind) return plugin;
    return this.#complain("wrong-kind", request, {
      text: `plugin "${word}" is ${withArticle(plugin.kind)}, not ${withArticle(kind)}`,
      fix: `sluice plugins list ${kind}`,
    });
  }

  #unknown(request: TypeRequest): undefined {
    const { kind, word } = request;
    const component = findKnown(kind, word);
    if (component) {
      this.#report.error("not-built", request.place, {
        text: `${request.subject} (${word}): ${component.text}`,
        fix: component.fix,
      });
      return undefined;
    }
    const isClass = /^[a-z]\w*(?:\.[\w$]+)+$/i.test(word);
    const other = PLUGIN_KINDS.find((one) => one !== kind && this.#wordsOf(one).has(plainWord(word)));
    const names = Object.keys(this.#manifest[kind] ?? {});
    const aliases = Object.values(this.#manifest[kind] ?? {}).flatMap(({ aliases }) => aliases);
    const hint = other
      ? `"${word}" is a ${other.replace("_", " ")}. `
      : didYouMean(word, isClass ? aliases : names);
    return this.#complain(isClass ? "unknown-class" : "unknown-type", request, {
      text: isClass
        ? `there is no module for class "${word}"`
        : `there is no ${kind.replace("_", " ")} "${word}"`,
      fix: `${hint}${isClass ? this.#classes.adviceFor(word) : choices(kind, names)}`,
    });
  }

  #complain(
    code: string,
    { place, subject }: TypeRequest,
    { text, fix }: { text: string; fix: string },
  ): undefined {
    this.#report.error(code, place, { text: `${subject}: ${text}`, fix });
    return undefined;
  }
}

function isPlugin(value: unknown): value is AnyPlugin {
  if (typeof value !== "object" || value === null) return false;
  const { kind, name, config, create } = value as Partial<AnyPlugin>;
  return PLUGIN_KINDS.includes(kind as PluginKind) && typeof name === "string" &&
    typeof config === "object" && config !== null && typeof create === "function";
}

/** Interceptors and serializers are named by the class that builds them, or by their own; case does not matter. */
function plainWord(word: string): string {
  return word.toLowerCase().replace(/\$builder$/, "");
}

function withArticle(kind: PluginKind): string {
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind.replace("_", " ")}`;
}

function choices(kind: PluginKind, names: readonly string[]): string {
  if (names.length > CHOICES_SHOWN) return `All names: sluice plugins list ${kind}`;
  return names.length === 0 ? "None is built in" : `Known: ${names.join(", ")}`;
}
