import { errorText } from "../core/errors.ts";
import type { ConfigFilters } from "./config_filters.ts";
import { formatDate } from "./date_pattern.ts";
import type { Report } from "./diagnostics.ts";
import type { Asking, Variables } from "./interpolate.ts";
import { nameList } from "./name_list.ts";
import { didYouMean } from "./nearest.ts";
import type { Syntax } from "./syntax.ts";

const MAX_FILE_CHARACTERS = 1024 * 1024;
const MAX_CHAIN = 50;
const LOOKUPS = ["env", "file", "sys", "date", "java"];
const NAME = /^[A-Za-z_][\w.-]*$/;
/** Flume's form of a config filter: name, and a key in quotes or none. */
const FILTER = /^([-\w]+)\[(["']?)([-\w]+)\2\]$/;
const WITH_DEFAULT = /^(?:([A-Za-z]\w*):(?!-))?(.*?)(?::-(.*))?$/s;

/** What stands between the braces of a `${…}`. */
export interface VariableParts {
  /** The config filter that is asked for `name`. */
  readonly filter?: string | undefined;
  /** What stands before the colon. */
  readonly lookup?: string | undefined;
  readonly name: string;
  /** The property that it may mean in Flume's files. */
  readonly property?: string | undefined;
  readonly fallback?: string | undefined;
}

/** Takes apart what stands between the braces. */
export function partsOf(inner: string): VariableParts {
  const [, filter, , key = ""] = FILTER.exec(inner) ?? [];
  if (filter !== undefined) return { filter, name: key };
  const [, lookup, name = "", fallback] = WITH_DEFAULT.exec(inner) ?? [];
  const property = lookup === undefined ? name : LOOKUPS.includes(lookup) ? undefined : `${lookup}:${name}`;
  return { lookup, name, property, fallback };
}

/** Whether a word can be the name of a variable. */
export function isName(word: string): boolean {
  return NAME.test(word);
}

/** What values are looked up in. */
export interface LookupSources {
  env(name: string): string | undefined;
  /** Reads a file named in `${file:…}`, relative to the pipeline file. */
  readText(path: string): Promise<string>;
  /** Java's system property; for some, what stands in its place without Java. */
  systemProperty(name: string): string | undefined;
  now(): Date;
}

/** What decides about a `${…}` beside the world around. */
export interface VariableRules {
  readonly syntax: Syntax;
  readonly report: Report;
  readonly filters?: ConfigFilters | undefined;
  /** All properties of Flume's files, by their whole keys. */
  readonly properties?: ReadonlyMap<string, { readonly value: string }> | undefined;
}

/** Finds the texts of `${…}`: variables, files, dates, config filters, and other properties in Flume's files. */
export class LookupVariables implements Variables {
  readonly #sources: LookupSources;
  readonly #rules: VariableRules;
  readonly #expanded = new Map<string, { readonly value: string; readonly isHidden: boolean }>();

  constructor(sources: LookupSources, rules: VariableRules) {
    this.#sources = sources;
    this.#rules = rules;
  }

  get isUnclosedText(): boolean {
    return this.#rules.syntax.isFlume;
  }

  plain(text: string): string {
    return text;
  }

  async expand(inner: string, asking: Asking): Promise<string | undefined> {
    const { filter, lookup, name, property, fallback } = partsOf(inner);
    if (filter !== undefined) return await this.#filtered(filter, name, asking);
    const value = property === undefined ? undefined : await this.#property(property, asking);
    if (value !== undefined) return value;
    if (lookup !== undefined && !LOOKUPS.includes(lookup)) {
      return fallback ?? this.#unknownLookup(inner, lookup, asking);
    }
    if (lookup === "file") return await this.#file(name, asking, fallback);
    if (lookup === "java") return this.#java(name, asking);
    if (lookup === "date") {
      return formatDate(this.#sources.now(), name) ?? fallback ?? this.#noDate(name, asking);
    }
    if (!isName(name)) {
      return fallback !== undefined && this.#rules.syntax.isFlume ? fallback : this.#noName(inner, asking);
    }
    const found = lookup === "sys" ? this.#sources.systemProperty(name) : this.#sources.env(name);
    return found ?? fallback ?? this.#missing(lookup, name, asking);
  }

  /** Another property of the file, expanded in its turn. */
  async #property(key: string, asking: Asking): Promise<string | undefined> {
    const known = this.#expanded.get(key);
    if (known?.isHidden) asking.hide();
    const property = this.#rules.properties?.get(key);
    if (known || !property) return known?.value;
    if (asking.within.includes(key) || asking.place.property === key || asking.within.length > MAX_CHAIN) {
      asking.refuse("variable-loop", {
        text: `\${${key}} leads back to itself: ${[...asking.within, key].slice(-5).join(" → ")}`,
        fix: "write the value out in one of them",
      });
      return "";
    }
    const value = await asking.expand(property.value, key);
    this.#expanded.set(key, { value, isHidden: asking.isHidden });
    return value;
  }

  async #filtered(filter: string, key: string, asking: Asking): Promise<string | undefined> {
    const { filters, syntax } = this.#rules;
    if (!filters?.names.includes(filter)) {
      const names = filters?.names ?? [];
      const section = syntax.isFlume ? "configfilters" : "configFilters";
      return this.#leave(asking, "missing-variable", {
        text: `\${${filter}[…]} names config filter "${filter}", which "${section}" does not list`,
        fix: `${didYouMean(filter, names)}Config filters: ${nameList(names) || "none"}`,
      });
    }
    const found = await filters.find(filter, key);
    if (found.isBroken) return asking.spoil();
    if (found.value !== undefined) asking.hide();
    return found.value ?? this.#leave(asking, "missing-variable", {
      text: `Config filter "${filter}" has no value for "${key}"${found.reason ? `: ${found.reason}` : ""}`,
      fix: "add it there, or correct the key",
    });
  }

  async #file(path: string, asking: Asking, fallback: string | undefined): Promise<string> {
    try {
      const text = await this.#sources.readText(path);
      if (text.length <= MAX_FILE_CHARACTERS) return text.replace(/\r?\n$/, "");
      throw new RangeError(`it holds ${text.length} characters, the limit is ${MAX_FILE_CHARACTERS}`);
    } catch (cause) {
      if (fallback !== undefined) return fallback;
      asking.refuse("missing-file", {
        text: `Cannot read "${path}": ${errorText(cause)}`,
        fix: "make the file readable; a relative path starts at the folder of the pipeline file",
      });
      return "";
    }
  }

  #java(name: string, asking: Asking): string {
    this.#rules.report.note("no-java", asking.place, {
      text: `\${java:${name}} tells of this program, because there is no Java`,
      fix: "write the value out if it matters",
    });
    return navigator.userAgent;
  }

  #noDate(pattern: string, asking: Asking): string | undefined {
    return this.#leave(asking, "bad-variable", {
      text: `"${pattern}" is no pattern of a date`,
      fix: "write such as ${date:yyyy-MM-dd}; letters that stand for themselves go into '…'",
    });
  }

  #missing(lookup: string | undefined, name: string, asking: Asking): string | undefined {
    const [what, how] = lookup === "sys"
      ? [`There is no system property "${name}"`, `start with -D${name}=…`]
      : [`The environment has no variable "${name}"`, `set ${name}`];
    const isProperty = this.#rules.properties !== undefined && lookup === undefined;
    const prefix = lookup === undefined ? "" : `${lookup}:`;
    return this.#leave(asking, "missing-variable", {
      text: isProperty ? `${what}, and there is no such property` : what,
      fix: `${how}, or give a default: \${${prefix}${name}:-default}`,
    });
  }

  #noName(inner: string, asking: Asking): string | undefined {
    // `${x%.*}` in a command is the shell's.
    if (this.#rules.syntax.isFlume) return undefined;
    asking.refuse("bad-variable", {
      text: `"\${${inner}}" does not name a variable`,
      fix: `write \${NAME} or \${NAME:-default}; \$\${…} stands for the plain text \${…}`,
    });
    return "";
  }

  #unknownLookup(inner: string, lookup: string, asking: Asking): string | undefined {
    return this.#leave(asking, "bad-variable", {
      text: `"\${${inner}}": there is no lookup "${lookup}"`,
      fix: `${
        didYouMean(lookup, LOOKUPS)
      }Write \${env:NAME}, \${file:path}, \${sys:name} or \${date:pattern}; \$\${…} stands for plain \${…}`,
    });
  }

  /** Flume leaves what it cannot look up as it is written. */
  #leave(asking: Asking, code: string, complaint: { readonly text: string; readonly fix: string }) {
    if (!this.#rules.syntax.isFlume) {
      asking.refuse(code, complaint);
      return "";
    }
    this.#rules.report.warning(code, asking.place, {
      ...complaint,
      text: `${complaint.text}: it stays as it is written, as in Flume`,
    });
    return undefined;
  }
}
