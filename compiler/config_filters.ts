import { errorText } from "../core/errors.ts";
import type { ClassMap } from "./classes.ts";
import type { Complaint, Report } from "./diagnostics.ts";
import { findKnown } from "./known.ts";
import { keyPlace, type Leaf } from "./leaves.ts";
import { didYouMean } from "./nearest.ts";
import type { ModuleLoader } from "./resolve.ts";
import { readSection, type Section } from "./sections.ts";
import type { Syntax } from "./syntax.ts";

/** Looks up a key for a config filter; a value, or nothing where it has none. */
export type FilterLookup = (key: string) => string | undefined | Promise<string | undefined>;

/**
 * What a module that takes the place of a user's config filter exports by default: makes the look-up from the settings of
 * the filter, all as text.
 */
export type FilterModule = (
  settings: Readonly<Record<string, string>>,
) => FilterLookup | Promise<FilterLookup>;

/** What a config filter says to a key. */
export interface Found {
  readonly value?: string | undefined;
  /** Why there is no value. */
  readonly reason?: string;
  /** A complaint about the filter itself has been made. */
  readonly isBroken?: boolean;
}

/** What config filters ask of the world around. */
export interface FilterSources extends ModuleLoader {
  env(name: string): string | undefined;
  /** Runs a command to its end; rejects when it cannot be started. */
  run(command: readonly string[]): Promise<{ readonly code: number; readonly output: Uint8Array }>;
}

/** What is needed to make the filters of an agent. */
export interface FilterTools {
  readonly sources: FilterSources;
  readonly classes: ClassMap;
  readonly syntax: Syntax;
  readonly report: Report;
}

const BUILT_IN: Readonly<Record<string, "env" | "external">> = {
  "env": "env",
  "org.apache.flume.configfilter.environmentvariableconfigfilter": "env",
  "external": "external",
  "org.apache.flume.configfilter.externalprocessconfigfilter": "external",
};
const FIELDS = { env: [], external: ["command", "charset"] } as const;

/** The config filters of an agent, which give values for `${filter["key"]}`. */
export class ConfigFilters {
  readonly #lookups: ReadonlyMap<string, FilterLookup | undefined>;
  readonly #found = new Map<string, Promise<Found>>();

  private constructor(lookups: ReadonlyMap<string, FilterLookup | undefined>) {
    this.#lookups = lookups;
  }

  /** Makes the filters that stand in an agent's leaves; what is wrong with them becomes complaints. */
  static async read(leaves: readonly Leaf[], tools: FilterTools): Promise<ConfigFilters> {
    const sections = ["configFilters", "configfilters"].flatMap((name) => readSection(leaves, name, tools));
    const made = sections.map(async (section) => [section.name, await makeFilter(section, tools)] as const);
    return new ConfigFilters(new Map(await Promise.all(made)));
  }

  get names(): readonly string[] {
    return [...this.#lookups.keys()];
  }

  /** The value of a key; each is looked up once. */
  find(filter: string, key: string): Promise<Found> {
    const id = `${filter}[${key}]`;
    const found = this.#found.get(id) ?? this.#look(filter, key);
    this.#found.set(id, found);
    return found;
  }

  async #look(filter: string, key: string): Promise<Found> {
    const lookup = this.#lookups.get(filter);
    if (!lookup) return { isBroken: true };
    try {
      return { value: await lookup(key) };
    } catch (cause) {
      return { reason: errorText(cause) };
    }
  }
}

async function makeFilter(section: Section, tools: FilterTools): Promise<FilterLookup | undefined> {
  const { name, leaves, place } = section;
  if (leaves.some(({ node }) => node.isBroken)) return undefined;
  const settings = Object.fromEntries(leaves.map(({ path, node }) => [path, node.scalar?.text ?? ""]));
  const typeLeaf = leaves.find(({ path }) => path === "type" || (path === "" && !tools.syntax.isFlume));
  const word = typeLeaf?.node.scalar?.text ?? "";
  const refuse = (code: string, complaint: Complaint) =>
    tools.report.error(code, typeLeaf?.node.place ?? place, {
      ...complaint,
      text: `config filter "${name}": ${complaint.text}`,
    });
  if (word === "") {
    const fix = `add "${tools.syntax.write({ owner: `${section.path}`, key: "type", value: "env" })}"`;
    return void refuse("missing-type", { text: "it has no type", fix });
  }
  const kind = BUILT_IN[word.toLowerCase()];
  if (!kind) return await userFilter(word, settings, { tools, refuse });
  complainUnknown(section, FIELDS[kind], tools);
  if (kind === "env") return (key) => tools.sources.env(key);
  if (settings.command?.trim()) return commandLookup(settings, tools.sources, refuse);
  const fix = `add "${
    tools.syntax.write({ owner: section.path, key: "command", value: "/usr/bin/get-secret" })
  }"`;
  return void refuse("missing-field", { text: 'it needs "command"', fix });
}

type Refuse = (code: string, complaint: Complaint) => void;

/** The command gets the key as its last argument; the first line that it writes is the value. */
function commandLookup(
  { command = "", charset = "UTF-8" }: Readonly<Record<string, string>>,
  sources: FilterSources,
  refuse: Refuse,
): FilterLookup | undefined {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset);
  } catch {
    return void refuse("wrong-value", { text: `"charset" cannot be "${charset}"`, fix: "write UTF-8" });
  }
  return async (key) => {
    const { code, output } = await sources.run([...command.trim().split(/\s+/), key]);
    if (code !== 0) throw new Error(`the command ended with code ${code}`);
    return decoder.decode(output).split(/\r?\n/, 1)[0];
  };
}

async function userFilter(
  word: string,
  settings: Readonly<Record<string, string>>,
  { tools: { classes, sources }, refuse }: { tools: FilterTools; refuse: Refuse },
): Promise<FilterLookup | undefined> {
  const module = classes.moduleOf(word);
  if (module === undefined) {
    const known = findKnown("config_filter", word);
    const near = didYouMean(word, ["env", "external"]);
    const code = word.includes(".") ? "unknown-class" : "unknown-type";
    return void refuse(known ? "not-built" : code, {
      text: known?.text ?? `there is no config filter "${word}"`,
      fix: known?.fix ?? `${near}Known: env, external; ${classes.adviceFor(word)}`,
    });
  }
  try {
    const specifier = sources.locate(module);
    sources.usedModules.add(specifier);
    const make = (await sources.load(specifier) as { default?: FilterModule }).default;
    if (typeof make !== "function") throw new TypeError("its default export is not a function");
    return await make(settings);
  } catch (cause) {
    return void refuse("broken-plugin", {
      text: `cannot use its module "${module}": ${errorText(cause).split("\n")[0]}`,
      fix: "export default (settings) => (key) => value",
    });
  }
}

function complainUnknown(
  { name, leaves }: Section,
  fields: readonly string[],
  { report, syntax }: FilterTools,
): void {
  for (const leaf of leaves) {
    if (leaf.path === "" || leaf.path === "type" || fields.includes(leaf.path)) continue;
    report[syntax.isFlume ? "warning" : "error"]("unknown-field", keyPlace(leaf, leaf.path.length), {
      text: `config filter "${name}" has no field "${leaf.path}"`,
      fix: `${didYouMean(leaf.path, fields)}All fields: ${["type", ...fields].join(", ")}`,
    });
  }
}
