import { findKnown, KNOWN, type KnownComponent } from "../../compiler/known.ts";
import type { AnyPlugin, PluginKind } from "../../core/plugin.ts";
import { MANIFEST } from "../../plugins/manifest.ts";
import { type Component, wordsOf } from "./inventory.ts";
import { IN_PROGRAM, type ProgramPart } from "./program.ts";

/** Where a component of Flume is to be found here. */
export type Home =
  | {
    readonly state: "plugin";
    readonly plugin: AnyPlugin;
    /** Where its page or file is, from `docs/reference/`. */
    readonly page: string;
    /** The plugin's field whose value names the component, and what stands in front of its properties. */
    readonly value?: { readonly field: string; readonly below: string };
  }
  /** A class of the user's, which becomes a module. */
  | { readonly state: "module"; readonly kind: PluginKind }
  /** A part of the program beside the plugins. */
  | { readonly state: "program"; readonly part: ProgramPart }
  | { readonly state: "known"; readonly known: KnownComponent }
  | { readonly state: "missing" };

/** Flume's kinds that are plugins here. */
const PLUGIN_KIND_OF: Readonly<Record<string, PluginKind>> = {
  source: "source",
  sink: "sink",
  channel: "channel",
  channel_selector: "selector",
  sink_processor: "sink_processor",
  interceptor: "interceptor",
  event_serializer: "codec",
  event_deserializer: "codec",
  http_handler: "codec",
  monitor: "reporter",
};

/** Flume's kinds that are a word in a field of some plugin here. */
const VALUE_OF: Readonly<Record<string, { kind: PluginKind; plugin: string; field: string; below: string }>> =
  {
    path_manager: {
      kind: "sink",
      plugin: "file_roll",
      field: "sink.pathManager",
      below: "sink.pathManager.",
    },
    hdfs_sequence_serializer: {
      kind: "sink",
      plugin: "hdfs",
      field: "hdfs.writeFormat",
      below: "writeFormat.",
    },
    sink_selector: { kind: "sink_processor", plugin: "load_balance", field: "selector", below: "selector." },
    regex_extractor_serializer: {
      kind: "interceptor",
      plugin: "regex_extractor",
      field: "serializers.x.type",
      below: "serializers.x.",
    },
    cipher_provider: {
      kind: "channel",
      plugin: "file",
      field: "encryption.cipherProvider",
      below: "encryption.cipherProvider.",
    },
  };

/** The examples that stand for the classes of the users whose files the tests run. */
const EXAMPLES: Readonly<Record<string, string>> = {
  "user_plugin.my_source": "examples/my_source.ts",
  "user_plugin.my_sink": "examples/my_sink.ts",
  "user_plugin.sql_source": "examples/sql_source.ts",
};

const ROOT = new URL("../../", import.meta.url);

/** Finds a component by any of its words. */
export async function homeOf(component: Component): Promise<Home> {
  const { id, kind } = component;
  const example = EXAMPLES[id];
  if (example !== undefined) return await exampleHome(example);
  const part = IN_PROGRAM[id];
  if (part) return { state: "program", part };
  const known = KNOWN.find((one) => one.id === id) ?? findKnownBy(component);
  if (known) return { state: "known", known };
  const value = VALUE_OF[kind];
  if (value && wordsOf(component).length > 0) return await pluginHome(value.kind, value.plugin, value);
  const pluginKind = PLUGIN_KIND_OF[kind];
  if (pluginKind === undefined) return { state: "missing" };
  const words = wordsOf(component);
  if (words.length === 0) return { state: "module", kind: pluginKind };
  const name = words.map((word) => pluginNameOf(pluginKind, word)).find((name) => name !== undefined);
  return name === undefined ? { state: "missing" } : await pluginHome(pluginKind, name);
}

/** The built-in plugin that a word means, in whatever case. */
export function pluginNameOf(kind: PluginKind, word: string): string | undefined {
  const wanted = word.toLowerCase();
  return Object.entries(MANIFEST[kind]).find(([name, { aliases }]) =>
    [name, ...aliases].some((one) => one.toLowerCase() === wanted)
  )?.[0];
}

function findKnownBy(component: Component): KnownComponent | undefined {
  const kind = PLUGIN_KIND_OF[component.kind];
  return kind && wordsOf(component).map((word) => findKnown(kind, word)).find((known) => known !== undefined);
}

async function pluginHome(
  kind: PluginKind,
  name: string,
  value?: { readonly field: string; readonly below: string },
): Promise<Home> {
  const { default: plugin } = await MANIFEST[kind][name]!.load() as { default: AnyPlugin };
  return { state: "plugin", plugin, page: `${kind}/${name}.md`, ...value && { value } };
}

async function exampleHome(path: string): Promise<Home> {
  try {
    const { default: plugin } = await import(new URL(path, ROOT).href) as { default: AnyPlugin };
    return { state: "plugin", plugin, page: `../../${path}` };
  } catch {
    return { state: "missing" };
  }
}
