import { type AnyPlugin, type CodecChoice, type Context, metaOf, type PluginKind, z } from "sluice/plugin";
import { MANIFEST } from "../../plugins/manifest.ts";
import { testContext } from "../support/context.ts";

/** A plugin as a suite uses it: with settings that work, and fresh parts whenever a case wants one. */
export class Subject<Part> {
  readonly plugin: AnyPlugin;
  readonly #settings: Readonly<Record<string, unknown>>;

  constructor(plugin: AnyPlugin, settings: Readonly<Record<string, unknown>> = {}) {
    this.plugin = plugin;
    this.#settings = settings;
  }

  /** Creates a part; `change` goes over the settings, `extra` is what `create` of the kind gets besides. */
  async create(options: CreateOptions = {}): Promise<Part> {
    const config = await configOf(this.plugin, { ...this.#settings, ...options.change });
    return await this.plugin.create(config, options.context ?? testContext(), ...options.extra ?? []) as Part;
  }
}

/** What one creation differs in. */
export interface CreateOptions {
  readonly context?: Context;
  readonly change?: Readonly<Record<string, unknown>>;
  readonly extra?: readonly unknown[];
}

/** Loads a built-in plugin. */
export async function loadPlugin(kind: PluginKind, name: string): Promise<AnyPlugin> {
  const entry = MANIFEST[kind][name];
  if (!entry) throw new Error(`There is no ${kind} "${name}"`);
  return (await entry.load() as { default: AnyPlugin }).default;
}

/** Checks settings as the compiler does and applies defaults; a codec is written by its name. */
export async function configOf(
  plugin: AnyPlugin,
  settings: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const given: Record<string, unknown> = { ...settings };
  for (const [key, field] of Object.entries(plugin.config as Record<string, z.ZodType>)) {
    const { codec, fallback } = metaOf(field);
    const name = given[key] ?? fallback;
    if (codec && typeof name === "string") given[key] = await choiceOf(name);
  }
  return z.strictObject(plugin.config as Record<string, z.ZodType>).parse(given);
}

async function choiceOf(name: string): Promise<CodecChoice> {
  const plugin = await loadPlugin("codec", name);
  return { plugin, config: await configOf(plugin, {}) };
}
