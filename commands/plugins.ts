import type { PluginKind } from "../core/mod.ts";
import { defineCommand } from "./command.ts";
import { CommandError, EXIT, usageError } from "./exit.ts";
import { columns, outputColour, print } from "./_terminal.ts";

const options = {
  dir: { type: "string", short: "d", value: "DIR", about: "With new: the folder to write to (.)." },
  markdown: { type: "boolean", about: "With show: the reference page as Markdown." },
} as const;

type Values = { readonly dir?: string; readonly markdown?: boolean };

const ACTIONS: Readonly<Record<string, (args: readonly string[], values: Values) => Promise<void>>> = {
  list: ([kind]) => list(kind),
  show: ([kind, name], { markdown }) => show(kind, name, markdown === true),
  new: ([kind, name], { dir }) => create(kind, name, dir ?? "."),
};

export default defineCommand({
  name: "plugins",
  summary: "Lists the plugins, shows one with all its fields, or begins a new one.",
  usage: ["plugins list [KIND]", "plugins show KIND NAME", "plugins new KIND NAME [--dir DIR]"],
  about: "Kinds: source, interceptor, selector, channel, sink_processor, sink, codec, reporter.\n" +
    "NAME may also be Flume's class. `new` writes a plugin and its test, ready for `type: ./NAME.ts`.",
  options,
  positionals: { min: 1, max: 3, complete: ["list", "show", "new"] },
  example: "sluice plugins show sink file_roll",
  exitCodes: ["ok", "usage", "failed"],
  async run({ positionals: [action = "", ...args], values }) {
    if (!Object.hasOwn(ACTIONS, action)) {
      throw usageError(`There is no "plugins ${action}"`, "write plugins list, plugins show or plugins new");
    }
    await ACTIONS[action]!(args, values);
    return EXIT.ok;
  },
});

async function list(word: string | undefined): Promise<void> {
  const { kindOf, loadPlugin, pluginNames } = await import("./_manifest.ts");
  const { PLUGIN_KINDS } = await import("../core/plugin.ts");
  const kinds = word === undefined ? PLUGIN_KINDS : [kindOf(word)];
  const rows = await Promise.all(
    kinds.map(async (kind) =>
      await Promise.all(
        pluginNames(kind).map(async (name) => {
          const { summary } = await loadPlugin(kind, name);
          return [kind, name, summary];
        }),
      )
    ),
  );
  print(columns(rows.flat()));
}

async function show(
  kindWord: string | undefined,
  name: string | undefined,
  isMarkdown: boolean,
): Promise<void> {
  if (kindWord === undefined || name === undefined) {
    throw usageError(
      "plugins show needs a kind and a name",
      "write for example: sluice plugins show sink file_roll",
    );
  }
  const { kindOf, loadPlugin } = await import("./_manifest.ts");
  const plugin = await loadPlugin(kindOf(kindWord), name);
  const { referencePage } = await import("../compiler/reference.ts");
  if (isMarkdown) return print(referencePage(plugin));
  const { renderPlugin } = await import("./_plugin_text.ts");
  print(renderPlugin(plugin, outputColour()));
}

async function create(kindWord: string | undefined, name: string | undefined, dir: string): Promise<void> {
  if (kindWord === undefined || name === undefined || !/^[a-z][a-z0-9_]{0,63}$/.test(name)) {
    throw usageError(
      name === undefined ? "plugins new needs a kind and a name" : `A plugin cannot be named "${name}"`,
      "write small letters, digits and _, for example: sluice plugins new interceptor mark_origin",
    );
  }
  const { kindOf } = await import("./_manifest.ts");
  const kind: PluginKind = kindOf(kindWord);
  const { PLUGIN_SKELETONS } = await import("./_skeletons/plugins.ts");
  const { testSkeleton } = await import("./_skeletons/tests.ts");
  const path = `${dir.replace(/\/+$/, "") || "/"}/${name}.ts`;
  const testPath = path.replace(/\.ts$/, "_test.ts");
  await writeNew(path, PLUGIN_SKELETONS[kind](name));
  await writeNew(testPath, testSkeleton(kind, name));
  print(`Written: ${path}\nWritten: ${testPath}\n${testAdvice(testPath)}In a pipeline: type: ./${name}.ts\n`);
}

/** A test outside the source tree needs the tree's import map to find "sluice/plugin". */
function testAdvice(testPath: string): string {
  if (Deno.build.standalone) return "";
  const config = new URL("../deno.json", import.meta.url);
  return config.protocol === "file:" ? `Test: deno test -A --config ${config.pathname} ${testPath}\n` : "";
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (cause) {
    throw new CommandError(`Cannot write "${path}"`, {
      cause,
      fix: cause instanceof Deno.errors.AlreadyExists
        ? "choose another name, or move that file away"
        : "name a folder that exists and is writable: --dir DIR",
    });
  }
}
