import type { Diagnostic } from "../diagnostics.ts";
import { namesOf } from "../field_input.ts";
import { type Leaf, under } from "../leaves.ts";
import type { Property } from "../properties.ts";
import type { Section } from "../sections.ts";
import type { Remarks } from "./comments.ts";
import { flumeDefaults } from "./flume_defaults.ts";
import type { ConvertedValue } from "./values.ts";
import { yamlNames, type YamlPart, yamlScalar } from "./yaml_lines.ts";

/** A property with all that is known of it. */
export interface KnownProperty {
  readonly property: Property;
  /** Its key without the agent's name. */
  readonly path: string;
  readonly remarks?: Remarks | undefined;
  readonly converted: ConvertedValue;
}

/** An agent of a properties file, read and checked. */
export interface KnownAgent {
  readonly name: string;
  /** In file order. */
  readonly properties: readonly KnownProperty[];
  /** The parts of each section that its list names. */
  readonly sections: ReadonlyMap<string, readonly Section[]>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Sections of Flume's files, and their names in YAML. */
export const SECTIONS: readonly (readonly [string, string])[] = [
  ["configfilters", "configFilters"],
  ["sources", "sources"],
  ["channels", "channels"],
  ["sinks", "sinks"],
  ["sinkgroups", "sinkGroups"],
];
/** What stands in Flume's files and is ours. */
const ADDED = ["deadLetters", "admin", "monitoring", "stateDir", "shutdownTimeout"];
const LEFT_OUT = new Set(["unknown-field", "empty-value", "unlisted-name"]);
/** Blocks of keys that get a map of their own. */
const BLOCKS: Readonly<Record<string, readonly string[]>> = {
  sources: ["selector"],
  sinkgroups: ["processor"],
};
const NAME_LISTS: Readonly<Record<string, string>> = { sources: "channels", sinkgroups: "sinks" };

/** Makes the parts of a YAML file out of an agent. */
export function agentParts(agent: KnownAgent): YamlPart[] {
  return new AgentConverter(agent).parts();
}

class AgentConverter {
  readonly #agent: KnownAgent;
  readonly #left: Set<KnownProperty>;

  constructor(agent: KnownAgent) {
    this.#agent = agent;
    this.#left = new Set(agent.properties);
  }

  parts(): YamlPart[] {
    const added = ADDED.flatMap((key) => this.#added(key));
    const sections = SECTIONS.flatMap(([section, key]) => this.#section(section, key));
    const rest = [...this.#left].flatMap((one) => this.#leftOut(one));
    return [
      ...added,
      ...sections,
      ...rest.length === 0 ? [] : [{ ...rest[0]!, isApart: true }, ...rest.slice(1)],
    ];
  }

  /** Takes the properties whose path begins like that; in file order. */
  #take(start: string): KnownProperty[] {
    const taken = [...this.#left].filter(({ path }) => path === start || path.startsWith(`${start}.`));
    for (const one of taken) this.#left.delete(one);
    return taken;
  }

  #added(key: string): YamlPart[] {
    const own = this.#take(key);
    if (own.length === 0) return [];
    if (own.some(({ path }) => path === key)) return own.flatMap((one) => this.#setting(one, one.path));
    const parts = own.flatMap((one) => this.#setting(one, one.path.slice(key.length + 1)));
    return parts.some(({ key }) => key !== undefined) ? [{ key, isApart: true, parts }] : parts;
  }

  #section(section: string, key: string): YamlPart[] {
    const own = this.#take(section);
    const list = own.find(({ path }) => path === section);
    const named = this.#agent.sections.get(section) ?? [];
    const parts = named.map((one): YamlPart => this.#component(section, one, own));
    const paths = named.map(({ path }) => path);
    const isNamed = ({ path }: KnownProperty) =>
      paths.some((start) => path === start || path.startsWith(`${start}.`));
    const others = own.filter((one) => one !== list && !isNamed(one)).flatMap((one) => this.#leftOut(one));
    const comments = list ? this.#comments(list) : [];
    if (parts.length === 0) {
      return comments.length + others.length === 0 ? [] : [{ comments, isApart: true }, ...others];
    }
    return [{ key, comments, remark: list?.remarks?.behind, isApart: true, parts: [...parts, ...others] }];
  }

  #component(section: string, { name, path, leaves }: Section, all: readonly KnownProperty[]): YamlPart {
    const own = all.filter((one) => one.path.startsWith(`${path}.`) || one.path === path)
      .map((one) => ({ one, key: one.path.slice(path.length + 1) }));
    const blocks = [
      ...BLOCKS[section] ?? [],
      ...section === "sources" && !hasTwins(leaves) ? ["interceptors"] : [],
    ];
    const blockOf = (key: string) => blocks.find((block) => key === block || key.startsWith(`${block}.`));
    const parts: YamlPart[] = [];
    const done = new Set<string>();
    for (const { one, key } of typeFirst(own)) {
      const block = blockOf(key);
      if (block === undefined) parts.push(...this.#setting(one, key, NAME_LISTS[section] === key));
      else if (!done.has(block)) {
        done.add(block);
        parts.push(...this.#block(block, own.filter(({ key }) => blockOf(key) === block), leaves));
      }
    }
    return shortened({ key: name, parts: [...parts, ...flumeDefaults(section, leaves)] });
  }

  #block(block: string, own: readonly Own[], leaves: readonly Leaf[]): YamlPart[] {
    if (block === "interceptors") return this.#chain(own, chainOf(leaves));
    const inner = typeFirst(own.map(({ one, key }) => ({ one, key: key.slice(block.length + 1) })));
    const parts = inner.flatMap(({ one, key }) => this.#setting(one, key));
    return parts.some(({ key }) => key !== undefined) ? [{ key: block, parts }] : parts;
  }

  #chain(own: readonly Own[], names: readonly string[]): YamlPart[] {
    const list = own.find(({ key }) => key === "interceptors")?.one;
    if (!list || names.length === 0) return own.flatMap(({ one }) => this.#leftOut(one));
    const startOf = (name: string) => `interceptors.${name}.`;
    const parts = names.map((name): YamlPart => {
      const settings = own.filter(({ key }) => key.startsWith(startOf(name)))
        .map(({ one, key }) => ({ one, key: key.slice(startOf(name).length) }));
      return shortened({
        key: name,
        parts: typeFirst(settings).flatMap(({ one, key }) => this.#setting(one, key)),
      });
    });
    const others = own.filter(({ one, key }) =>
      one !== list && !names.some((name) => key.startsWith(startOf(name)))
    );
    return [{
      key: "interceptors",
      comments: this.#comments(list),
      remark: list.remarks?.behind,
      parts: [...parts, ...others.flatMap(({ one }) => this.#leftOut(one))],
    }];
  }

  #setting(one: KnownProperty, key: string, isNames = false): YamlPart[] {
    if (this.#findings(one).some(({ code }) => LEFT_OUT.has(code)) || key === "") return this.#leftOut(one);
    const { text, reasons } = one.converted;
    const comments = [...this.#comments(one), ...reasons, ...this.#lacks(one)];
    const names = isNames && !text.includes("${")
      ? namesOf({ place: one.property.place, scalar: { text, value: text } })
      : undefined;
    return [{
      key,
      comments,
      remark: one.remarks?.behind,
      value: names ? yamlNames([...new Set(names)]) : yamlScalar(text),
    }];
  }

  /** A property without an equal in YAML, as a comment with the reason. */
  #leftOut(one: KnownProperty): YamlPart[] {
    const { key, value } = one.property;
    const finding = this.#findings(one).find(({ code }) => LEFT_OUT.has(code));
    const reason = finding?.text.replace(`${key}: `, "")
      .replace(/^.* is left out(?:, as in Flume)?, because /, "")
      .replace(/(?:; it is ignored|, so the property is ignored)?, as in Flume$/, "") ??
      "no list names what it belongs to";
    return [{
      comments: [...this.#comments(one), `${key} = ${value}`, `  left out, as Flume does: ${reason}`],
    }];
  }

  #comments({ property, remarks }: KnownProperty): string[] {
    const replaced = remarks?.replaced ?? [];
    return [
      ...remarks?.above ?? [],
      ...replaced.map(({ line, value }) =>
        `${property.key} = ${value} in line ${line} is replaced by a later line`
      ),
    ];
  }

  /** What Sluice does not have, or not without help. */
  #lacks(one: KnownProperty): string[] {
    return this.#findings(one).flatMap(({ code, text, fix }) => {
      const said = text.replace(`${one.property.key}: `, "");
      if (code === "not-built") return [`${said}: ${fix}`];
      if (code !== "unknown-class") return [];
      return [`${said}: add classes: { ${one.converted.text}: ./my_plugin.ts }`];
    });
  }

  #findings({ property: { key } }: KnownProperty): Diagnostic[] {
    return this.#agent.diagnostics.filter(({ property }) => property === key);
  }
}

interface Own {
  readonly one: KnownProperty;
  readonly key: string;
}

function typeFirst(own: readonly Own[]): readonly Own[] {
  return [...own.filter(({ key }) => key === "type"), ...own.filter(({ key }) => key !== "type")];
}

/** `c1: memory` for a part of which only the type is written. */
function shortened(part: YamlPart): YamlPart {
  const [only, ...others] = part.parts ?? [];
  if (only?.key !== "type" || others.length > 0) return part;
  const { comments, value, remark } = only;
  return { key: part.key!, ...comments && { comments }, ...value !== undefined && { value }, remark };
}

/** The names of a chain of interceptors, as they come out. */
function chainOf(leaves: readonly Leaf[]): string[] {
  return namesOf(under(leaves, "interceptors").find(({ path }) => path === "")?.node) ?? [];
}

/** A chain that names an interceptor twice cannot be a map. */
function hasTwins(leaves: readonly Leaf[]): boolean {
  const names = chainOf(leaves);
  return new Set(names).size < names.length;
}
