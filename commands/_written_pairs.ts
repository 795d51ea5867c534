import { usageError } from "./exit.ts";
import { absolutePath } from "./_surroundings.ts";

/**
 * Reads Java system properties as `-D` brings them: `NAME=VALUE`, or a name alone for an empty value. Of two values for a
 * name the later one counts.
 */
export function systemProperties(written: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(written.map((pair) => {
    const [name, value] = splitPair(pair);
    return [name, value ?? ""];
  }));
}

/**
 * Reads which module takes the place of which Java class: `com.x.MySource=./my_source.ts`. A relative path starts at the
 * working folder.
 * @throws {CommandError} when one is no such pair.
 */
export function classModules(written: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(written.map((pair) => {
    const [name, module = ""] = splitPair(pair);
    if (name === "" || module === "") {
      throw usageError(
        `--class cannot be "${pair}"`,
        "write a class and a module, such as --class com.x.MySource=./my_source.ts",
      );
    }
    return [name, /^\.{1,2}\/|^~\//.test(module) ? absolutePath(module) : module];
  }));
}

function splitPair(pair: string): [string, string | undefined] {
  const at = pair.indexOf("=");
  return at < 0 ? [pair.trim(), undefined] : [pair.slice(0, at).trim(), pair.slice(at + 1)];
}
