import { errorText } from "../../core/mod.ts";
import { CommandError } from "../exit.ts";
import { absolutePath } from "../_surroundings.ts";

/** The plugins that folders hold. */
export interface FoundClasses {
  /** `CLASS=MODULE` for each name and alias of a module's plugin. */
  readonly classes: readonly string[];
  /** What is there and cannot be run. */
  readonly notes: readonly string[];
}

const MODULE = /(?<!\.d|_test)\.(?:ts|js|mjs)$/;

/**
 * Loads the modules in the folders of `--plugins-path`, and in the folders below them, and tells by which names their
 * plugins go: their own, and their `aliases`, where a plugin says which Java class it takes the place of.
 * @throws {CommandError} when a folder cannot be listed, or a module in it cannot be loaded.
 */
export async function findClasses(written: string | undefined): Promise<FoundClasses> {
  const classes: string[] = [];
  const jars: string[] = [];
  for (const path of written?.split(":").filter((one) => one !== "") ?? []) {
    for (const file of filesBelow(absolutePath(path.replace(/(?<=.)\/+$/, "")), 0)) {
      if (file.endsWith(".jar")) jars.push(file);
      else if (MODULE.test(file)) classes.push(...(await namesIn(file)).map((name) => `${name}=${file}`));
    }
  }
  return {
    classes,
    notes: jars.length === 0
      ? []
      : [`Jars cannot be run; write their classes as modules, or map them with --class: ${jars.join(", ")}`],
  };
}

/** Private parts of plugins lie in folders that begin with an underscore. */
function filesBelow(folder: string, depth: number): string[] {
  return entriesOf(folder).sort((one, other) => one.name < other.name ? -1 : 1).flatMap(
    ({ name, isDirectory }) => {
      const path = `${folder}/${name}`;
      if (!isDirectory) return [path];
      return depth < 2 && !/^[._]|^node_modules$/.test(name) ? filesBelow(path, depth + 1) : [];
    },
  );
}

function entriesOf(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (cause) {
    throw new CommandError(`Cannot list the plugins in "${folder}"`, {
      cause,
      fix: "correct --plugins-path",
    });
  }
}

async function namesIn(file: string): Promise<readonly string[]> {
  try {
    const { default: plugin } = await import(new URL(`file://${encodeURI(file)}`).href) as {
      readonly default?: {
        readonly kind?: string;
        readonly name?: string;
        readonly aliases?: readonly string[];
      };
    };
    return plugin?.kind === undefined || plugin.name === undefined
      ? []
      : [plugin.name, ...plugin.aliases ?? []];
  } catch (cause) {
    throw new CommandError(`Cannot load the plugin "${file}": ${errorText(cause)}`, {
      fix: "correct it, or move it out of the folders of --plugins-path",
    });
  }
}
