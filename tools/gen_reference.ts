import { indexPage, referencePage } from "../compiler/reference.ts";
import { jsonSchema } from "../compiler/json_schema.ts";
import { type AnyPlugin, PLUGIN_KINDS } from "../core/plugin.ts";
import { MANIFEST } from "../plugins/manifest.ts";
import { renderInventory } from "./gen_inventory.ts";

const TARGET = new URL("../docs/reference/", import.meta.url);

/** All files of `docs/reference`: path below it → text. */
export async function renderReference(): Promise<Map<string, string>> {
  const plugins = await Promise.all(
    PLUGIN_KINDS.flatMap((kind) =>
      Object.values(MANIFEST[kind]).map(async ({ load }) => (await load() as { default: AnyPlugin }).default)
    ),
  );
  return new Map([
    ["index.md", indexPage(plugins)],
    ["flume.md", await renderInventory()],
    ["pipeline.schema.json", `${JSON.stringify(jsonSchema(plugins), null, 2)}\n`],
    ...plugins.map((plugin) => [`${plugin.kind}/${plugin.name}.md`, referencePage(plugin)] as const),
  ]);
}

/** Paths of files that differ from what the definitions say, or that nothing renders any more. */
export async function staleReference(): Promise<string[]> {
  const pages = await renderReference();
  const stale: string[] = [];
  for (const [path, text] of pages) {
    const current = await Deno.readTextFile(new URL(path, TARGET)).catch(() => undefined);
    if (current !== text) stale.push(path);
  }
  return [...stale, ...writtenPages("").filter((path) => !pages.has(path))];
}

function writtenPages(folder: string): string[] {
  try {
    return [...Deno.readDirSync(new URL(folder, TARGET))].flatMap(({ name, isDirectory }) =>
      isDirectory ? writtenPages(`${folder}${name}/`) : [`${folder}${name}`]
    );
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    throw cause;
  }
}

if (import.meta.main) {
  const stale = await staleReference();
  if (Deno.args.includes("--check")) {
    if (stale.length > 0) {
      console.error(`Out of date in docs/reference: ${stale.join(", ")}; run: deno task gen`);
    }
    Deno.exit(stale.length > 0 ? 1 : 0);
  }
  const pages = await renderReference();
  for (const path of stale) {
    const text = pages.get(path);
    const target = new URL(path, TARGET);
    if (text === undefined) await Deno.remove(target);
    else {
      await Deno.mkdir(new URL("./", target), { recursive: true });
      await Deno.writeTextFile(target, text);
    }
  }
}
