import type { Report } from "./diagnostics.ts";
import { namesOf } from "./field_input.ts";
import { byName, keyPlace, type Leaf, under } from "./leaves.ts";
import { didYouMean } from "./nearest.ts";
import type { Component } from "./part_check.ts";
import type { Place } from "./tree.ts";

/** A group of sinks as it is written. */
export interface GroupShape {
  readonly name: string;
  readonly place: Place;
  readonly leaves: readonly Leaf[];
}

/** One agent's components, whether they were written in the short or in the long form. */
export interface AgentShape {
  readonly place: Place;
  readonly sources: readonly Component[];
  readonly channels: readonly Component[];
  readonly sinks: readonly Component[];
  readonly groups: readonly GroupShape[];
  /** The sink for what the others refuse for good. */
  readonly deadLetters?: Component;
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
  ],
  "agents",
  ...SETTINGS,
];
const LATER: Readonly<Record<string, string>> = {
  configfilters: "configuration filters",
};
const SOURCE_KEYS = ["channels", "interceptors", "selector"];

/** Sorts the top-level keys of an agent. */
export function readAgentShape(leaves: readonly Leaf[], report: Report, place: Place): AgentShape {
  const reader = new ShapeReader(leaves, report);
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
    settings: leaves.filter(({ path }) => SETTINGS.includes(path.split(".")[0]!)),
  };
}

class ShapeReader {
  readonly #leaves: readonly Leaf[];
  readonly #report: Report;

  constructor(leaves: readonly Leaf[], report: Report) {
    this.#leaves = leaves;
    this.#report = report;
  }

  complainSections(): void {
    for (const leaf of this.#leaves) {
      const [section = ""] = leaf.path.split(".");
      const place = keyPlace(leaf, section.length);
      if (SECTIONS.includes(section) || section === "sinkgroups" || section.startsWith("x-")) continue;
      const later = Object.hasOwn(LATER, section) ? LATER[section] : undefined;
      if (later) {
        this.#report.error("not-yet", place, {
          text: `"${section}": ${later} come in a later version`,
          fix: "remove it for now",
        });
      } else this.#complainUnknown(section, place);
    }
  }

  #complainUnknown(section: string, place: Place): void {
    const owner = section === "selector" ? "Put it into the source. " : didYouMean(section, SECTIONS);
    this.#report.error("unknown-field", place, {
      text: `A pipeline file has no key "${section}"`,
      fix: `${owner}All keys: ${SECTIONS.join(", ")}; keys that begin with x- are yours`,
    });
  }

  components(kind: "source" | "channel" | "sink", otherKeys: readonly string[]): Component[] {
    const single = under(this.#leaves, kind);
    const several = this.#section(`${kind}s`);
    if (single.length === 0) {
      return several.map(({ name, place, leaves }) => ({ kind, name, place, leaves, otherKeys }));
    }
    const place = keyPlace(single[0]!, 0);
    if (under(this.#leaves, `${kind}s`).length > 0) {
      this.#report.error("both-forms", place, {
        text: `The file has "${kind}" and "${kind}s"`,
        fix: `move the one under "${kind}" into "${kind}s" and give it a name`,
      });
    }
    return [{ kind, name: kind, isUnnamed: true, place, leaves: single, otherKeys }];
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
    this.#report.error("misplaced-interceptors", keyPlace(chain[0]!, "interceptors".length), {
      text: "The file does not say which source these interceptors belong to",
      fix: "put them under `interceptors:` of their source",
    });
    return sources;
  }

  deadLetters(): Component | undefined {
    const leaves = under(this.#leaves, "deadLetters");
    if (leaves.length === 0) return undefined;
    return { kind: "sink", name: "deadLetters", place: keyPlace(leaves[0]!, 0), leaves };
  }

  groups(): GroupShape[] {
    return [...this.#section("sinkGroups"), ...this.#section("sinkgroups")];
  }

  /** `sources: { a: …, b: … }`, or Flume's `sources: a b` with `sources.a.type: …` beside it. */
  #section(section: string): GroupShape[] {
    const leaves = under(this.#leaves, section);
    const own = leaves.find(({ path }) => path === "");
    if (own && isEmpty(own) && leaves.length === 1) return [];
    const names = own && !isEmpty(own) ? namesOf(own.node) : undefined;
    if (own && !isEmpty(own) && !names) {
      this.#report.error("wrong-shape", own.node.place, {
        text: `"${section}" is a list`,
        fix: `write a map of names to settings: ${section}: { NAME: { type: … } }`,
      });
    }
    const groups = byName(leaves);
    for (const [name, [first]] of groups) {
      if (names && !names.includes(name)) {
        this.#complainUnlisted({ section, name, names }, keyPlace(first!, 0));
      }
      if (/[\s/\\]/.test(name)) {
        this.#report.error("bad-name", keyPlace(first!, 0), {
          text: `"${name}" in "${section}" is no name`,
          fix: "use letters, digits, - and _",
        });
      }
    }
    return (names ?? [...groups.keys()]).map((name) => {
      const own = groups.get(name) ?? [];
      return { name, place: own[0] ? keyPlace(own[0], 0) : leaves[0]!.node.place, leaves: own };
    });
  }

  #complainUnlisted(
    unlisted: { section: string; name: string; names: readonly string[] },
    place: Place,
  ): void {
    const { section, name, names } = unlisted;
    this.#report.warning("unlisted-name", place, {
      text: `"${name}" is left out, because "${section}" does not list it`,
      fix: `add it to "${section}: ${names.join(" ")}"`,
    });
  }
}

function isEmpty({ node }: Leaf): boolean {
  return node.scalar ? node.scalar.value === null : node.entries?.length === 0;
}
