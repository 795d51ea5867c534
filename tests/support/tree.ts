import { ROOT } from "./run_pipeline.ts";

/** Folders of the project in which nothing of ours stands. */
const OTHERS: ReadonlySet<string> = new Set([".git", ".cache", "dist", "node_modules", "out", "in"]);

/** All files of the project, as paths from its folder, sorted. */
export function projectFiles(folder = ""): string[] {
  return Array.from(Deno.readDirSync(ROOT + folder)).flatMap(({ name, isDirectory }) => {
    if (!isDirectory) return [`${folder}${name}`];
    return OTHERS.has(name) || `${folder}${name}` === "tests/data" ? [] : projectFiles(`${folder}${name}/`);
  }).sort();
}

/** The text of a file of the project. */
export function projectText(path: string): string {
  return Deno.readTextFileSync(ROOT + path);
}

const IMPORT = /(?:\bfrom|\bimport\(?|new URL\()\s*"([^"\n]+)"/g;

/** The files of the project that a file imports or names by URL. */
export function importsOf(path: string, names: Readonly<Record<string, string>>): string[] {
  return Array.from(projectText(path).matchAll(IMPORT), ([, specifier = ""]) => {
    const target = names[specifier] ?? specifier;
    if (names[specifier] !== undefined) return target.replace(/^\.\//, "");
    return target.startsWith(".") ? new URL(target, `file:///${path}`).pathname.slice(1) : "";
  }).filter((target) => target !== "");
}

/** All files that can be reached from some by their imports. */
export function reachable(
  roots: readonly string[],
  names: Readonly<Record<string, string>>,
): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...roots];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path) || !path.endsWith(".ts")) continue;
    found.add(path);
    try {
      waiting.push(...importsOf(path, names));
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      found.delete(path);
    }
  }
  return found;
}
