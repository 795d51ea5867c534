import type { AnyPlugin, PluginKind } from "../core/mod.ts";
import { PLUGIN_KINDS } from "../core/plugin.ts";
import { didYouMean } from "../compiler/nearest.ts";
import { MANIFEST } from "../plugins/manifest.ts";
import { usageError } from "./exit.ts";

/**
 * Reads a kind as a person writes it: `sink`, `sinks`, `sink-processor`.
 * @throws {CommandError} when there is no such kind.
 */
export function kindOf(word: string): PluginKind {
  const plain = word.toLowerCase().replaceAll("-", "_").replace(/s$/, "");
  const kind = PLUGIN_KINDS.find((one) => one === plain);
  if (kind) return kind;
  throw usageError(
    `There is no kind "${word}"`,
    `${didYouMean(plain, PLUGIN_KINDS)}All kinds: ${PLUGIN_KINDS.join(", ")}`,
  );
}

/** Names of the built-in plugins of a kind. */
export function pluginNames(kind: PluginKind): readonly string[] {
  return Object.keys(MANIFEST[kind]).sort();
}

/**
 * Loads a built-in plugin by its name or an alias, such as Flume's class name.
 * @throws {CommandError} when there is none.
 */
export async function loadPlugin(kind: PluginKind, word: string): Promise<AnyPlugin> {
  const wanted = word.toLowerCase();
  for (const [name, { load, aliases }] of Object.entries(MANIFEST[kind])) {
    if (name !== wanted && !aliases.some((alias) => alias.toLowerCase() === wanted)) continue;
    return (await load() as { default: AnyPlugin }).default;
  }
  throw usageError(
    `There is no ${kind.replace("_", " ")} "${word}"`,
    `${didYouMean(word, pluginNames(kind))}All names: sluice plugins list ${kind}`,
  );
}

/** Loads all built-in plugins, by kind and name. */
export async function loadAllPlugins(): Promise<readonly AnyPlugin[]> {
  const loading = PLUGIN_KINDS.flatMap((kind) => pluginNames(kind).map((name) => loadPlugin(kind, name)));
  return await Promise.all(loading);
}
