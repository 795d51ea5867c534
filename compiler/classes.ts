import type { Report } from "./diagnostics.ts";
import { keyPlace, type Leaf, under } from "./leaves.ts";
import type { Syntax } from "./syntax.ts";

/** Which modules take the place of Java classes. */
export class ClassMap {
  readonly #modules = new Map<string, string>();
  readonly #file: string;
  readonly #isFlume: boolean;

  /** `file` is the pipeline file. */
  constructor(file: string, { isFlume }: Syntax) {
    this.#file = file;
    this.#isFlume = isFlume;
  }

  /** All classes and their modules. */
  get entries(): readonly (readonly [string, string])[] {
    return [...this.#modules];
  }

  /** The name of the file beside the pipeline file that may hold classes. */
  get fileBeside(): string {
    return `${this.#file.split("/").pop()}.classes.yaml`;
  }

  /** Adds classes; what was added before counts more. */
  add(classes: Readonly<Record<string, string>>): void {
    for (const [name, module] of Object.entries(classes)) {
      if (!this.#modules.has(plain(name))) this.#modules.set(plain(name), module);
    }
  }

  /** Adds what stands under `classes:` in a tree. */
  addLeaves(leaves: readonly Leaf[], report: Report): void {
    for (const { path, keys, node } of under(leaves, "classes")) {
      if (node.isBroken) continue;
      const module = node.scalar?.text ?? "";
      if (path !== "" && module !== "") this.add({ [path]: module });
      else if (node.entries?.length !== 0) {
        report.error("wrong-value", path === "" ? node.place : keyPlace({ path, keys, node }, path.length), {
          text: `"classes" names no module for ${path === "" ? "a class" : `"${path}"`}`,
          fix: "write classes: { com.x.MySource: ./my_source.ts }",
        });
      }
    }
  }

  /** The module for a class; a trailing `$Builder` does not matter. */
  moduleOf(name: string): string | undefined {
    return this.#modules.get(plain(name));
  }

  /** How to map a class, for complaints. */
  adviceFor(name: string): string {
    const fix = this.#isFlume
      ? `--class ${name}=./my_plugin.ts, or the line "${name}: ./my_plugin.ts" in ${this.fileBeside}`
      : `classes: { ${name}: ./my_plugin.ts }, or type: ./my_plugin.ts`;
    return `a class of your own becomes a module: ${fix}`;
  }
}

/** Interceptors and serializers are named by the class that builds them. */
function plain(name: string): string {
  return name.replace(/\$Builder$/, "");
}
