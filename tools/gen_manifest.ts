import { type AnyPlugin, PLUGIN_KINDS, type PluginKind } from "../core/plugin.ts";

const ROOT = new URL("../", import.meta.url);
const TARGET = new URL("plugins/manifest.ts", ROOT);

/** Renders `plugins/manifest.ts` from the plugin files that are there. */
export async function renderManifest(): Promise<string> {
  const kinds = await Promise.all(PLUGIN_KINDS.map(renderKind));
  return `// Written by tools/gen_manifest.ts from the files in this folder; \`deno task docs\` writes it anew.
import type { PluginKind } from "sluice/plugin";

/** How a built-in plugin is loaded, and the other words that mean it. */
export interface ManifestEntry {
  load(): Promise<unknown>;
  readonly aliases: readonly string[];
}

/** The built-in plugins by kind and name; the paths are literal so that \`deno compile\` sees them. */
export const MANIFEST: Readonly<Record<PluginKind, Readonly<Record<string, ManifestEntry>>>> = {
${kinds.join("")}};
`;
}

async function renderKind(kind: PluginKind): Promise<string> {
  const names = pluginFiles(kind);
  if (names.length === 0) return `  ${kind}: {},\n`;
  const entries = await Promise.all(names.map((name) => renderEntry(kind, name)));
  return `  ${kind}: {\n${entries.join("")}  },\n`;
}

async function renderEntry(kind: PluginKind, name: string): Promise<string> {
  const path = `./${kind}s/${name}.ts`;
  const module = await import(new URL(`plugins/${path}`, ROOT).href) as { default?: AnyPlugin };
  const plugin = module.default;
  if (plugin?.kind !== kind || plugin.name !== name) {
    throw new Error(`plugins/${path} must export a ${kind} named "${name}" by default`);
  }
  const aliases = (plugin.aliases ?? []).map((alias) => `        ${JSON.stringify(alias)},\n`).join("");
  return `    ${name}: {
      load: () => import("${path}"),
      aliases: [${aliases === "" ? "" : `\n${aliases}      `}],
    },\n`;
}

/** Names of the plugin files of a kind, sorted; `_name` is private to one of them. */
function pluginFiles(kind: PluginKind): string[] {
  const folder = new URL(`plugins/${kind}s/`, ROOT);
  try {
    return [...Deno.readDirSync(folder)]
      .filter(({ name, isFile }) => isFile && name.endsWith(".ts") && !name.startsWith("_"))
      .map(({ name }) => name.slice(0, -".ts".length))
      .sort();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    throw cause;
  }
}

if (import.meta.main) {
  const text = await renderManifest();
  if (Deno.args.includes("--check")) {
    const isCurrent = await Deno.readTextFile(TARGET).catch(() => "") === text;
    if (!isCurrent) {
      console.error("plugins/manifest.ts is out of date; run: deno run -A tools/gen_manifest.ts");
    }
    Deno.exit(isCurrent ? 0 : 1);
  }
  await Deno.writeTextFile(TARGET, text);
}
