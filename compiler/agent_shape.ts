import { keyPlace, type Leaf, under } from "./leaves.ts";
import { didYouMean } from "./nearest.ts";
import type { Component } from "./part_check.ts";
import { placeOfWhole, readSection, type Section, type SectionTools } from "./sections.ts";
import type { Place } from "./tree.ts";

/** One agent's components, whether they were written in the short or in the long form. */
export interface AgentShape {
  readonly place: Place;
  readonly sources: readonly Component[];
  readonly channels: readonly Component[];
  readonly sinks: readonly Component[];
  readonly groups: readonly Section[];
  /** The sink for what the others refuse for good. */
  readonly deadLetters?: Component;
  /** Where the admin server listens. */
  readonly admin: readonly Leaf[];
  /** What shows the counters to others. */
  readonly monitoring: readonly Leaf[];
  /** The settings of the whole pipeline: `name`, `stateDir`, `shutdownTimeout`. */
  readonly settings: readonly Leaf[];
}

const SETTINGS = ["name", "stateDir", "shutdownTimeout"];
const SECTIONS = [
  ...[
    "source",
    "interceptors",
    "channel",
    "sink",
    "sources",
    "channels",
    "sinks",
    "sinkGroups",
    "deadLetters",
    "admin",
    "monitoring",
    "configFilters",
    "classes",
  ],
  "agents",
  ...SETTINGS,
];
/** Flume's spellings. */
const OTHER_SECTIONS = ["sinkgroups", "configfilters"];
const FLUME_SECTIONS = ["sources", "channels", "sinks", ...OTHER_SECTIONS];
/** What may stand in Flume's files beside that, and is ours. */
const ADDED_SECTIONS = ["deadLetters", "admin", "monitoring", "stateDir", "shutdownTimeout"];
const SOURCE_KEYS = ["channels", "interceptors", "selector"];

/** Sorts the top-level keys of an agent. */
export function readAgentShape(leaves: readonly Leaf[], place: Place, tools: SectionTools): AgentShape {
  const reader = new ShapeReader(leaves, tools);
  reader.complainSections();
  const sources = reader.components("source", SOURCE_KEYS);
  const deadLetters = reader.deadLetters();
  return {
    place,
    sources: reader.withInterceptors(sources),
    channels: reader.components("channel", []),
    sinks: reader.components("sink", ["channel"]),
    groups: reader.groups(),
    ...deadLetters && { deadLetters },
    admin: reader.section("admin"),
    monitoring: reader.section("monitoring"),
    settings: reader.settings(),
  };
}

class ShapeReader {
  readonly #leaves: readonly Leaf[];
  readonly #unknown: readonly Leaf[];
  readonly #tools: SectionTools;

  constructor(leaves: readonly Leaf[], tools: SectionTools) {
    const known = new Set(
      tools.syntax.isFlume ? [...FLUME_SECTIONS, ...ADDED_SECTIONS] : [...SECTIONS, ...OTHER_SECTIONS],
    );
    const isKnown = (leaf: Leaf) =>
      known.has(sectionOf(leaf)) || (!tools.syntax.isFlume && leaf.path.startsWith("x-"));
    this.#leaves = leaves.filter(isKnown);
    this.#unknown = leaves.filter((leaf) => !isKnown(leaf));
    this.#tools = tools;
  }

  complainSections(): void {
    for (const leaf of this.#unknown) {
      const section = sectionOf(leaf);
      this.#complainUnknown(section, keyPlace(leaf, section.length));
    }
  }

  section(name: string): Leaf[] {
    return under(this.#leaves, name);
  }

  settings(): Leaf[] {
    return this.#leaves.filter((leaf) => SETTINGS.includes(sectionOf(leaf)));
  }

  #complainUnknown(section: string, place: Place): void {
    const { report, syntax } = this.#tools;
    if (syntax.isFlume) {
      return report.warning("unknown-field", place, {
        text: `An agent has no "${section}"; it is ignored, as in Flume`,
        fix: `${didYouMean(section, FLUME_SECTIONS)}All: ${FLUME_SECTIONS.join(", ")}`,
      });
    }
    const owner = section === "selector" ? "Put it into the source. " : didYouMean(section, SECTIONS);
    report.error("unknown-field", place, {
      text: `A pipeline file has no key "${section}"`,
      fix: `${owner}All keys: ${SECTIONS.join(", ")}; keys that begin with x- are yours`,
    });
  }

  components(kind: "source" | "channel" | "sink", otherKeys: readonly string[]): Component[] {
    const single = under(this.#leaves, kind);
    const several = readSection(this.#leaves, `${kind}s`, this.#tools);
    if (single.length === 0) return several.map((section) => ({ kind, ...section, otherKeys }));
    const place = placeOfWhole(single[0]!);
    if (under(this.#leaves, `${kind}s`).length > 0) {
      this.#tools.report.error("both-forms", place, {
        text: `The file has "${kind}" and "${kind}s"`,
        fix: `move the one under "${kind}" into "${kind}s" and give it a name`,
      });
    }
    return [{ kind, name: kind, isUnnamed: true, path: kind, place, leaves: single, otherKeys }];
  }

  /** `interceptors` beside the short form's `source` belong to that source. */
  withInterceptors(sources: readonly Component[]): readonly Component[] {
    const chain = this.#leaves.filter(({ path }) =>
      path === "interceptors" || path.startsWith("interceptors.")
    );
    if (chain.length === 0) return sources;
    const [only] = sources;
    if (only && sources.length === 1 && under(only.leaves, "interceptors").length === 0) {
      return [{ ...only, leaves: [...only.leaves, ...chain] }];
    }
    this.#tools.report.error("misplaced-interceptors", keyPlace(chain[0]!, "interceptors".length), {
      text: "The file does not say which source these interceptors belong to",
      fix: "put them under `interceptors:` of their source",
    });
    return sources;
  }

  deadLetters(): Component | undefined {
    const leaves = under(this.#leaves, "deadLetters");
    if (leaves.length === 0) return undefined;
    return {
      kind: "sink",
      name: "deadLetters",
      path: "deadLetters",
      place: placeOfWhole(leaves[0]!),
      leaves,
    };
  }

  groups(): Section[] {
    return ["sinkGroups", "sinkgroups"].flatMap((section) => readSection(this.#leaves, section, this.#tools));
  }
}

function sectionOf({ path }: Leaf): string {
  return path.split(".", 1)[0]!;
}
