import type { Report } from "./diagnostics.ts";
import { GroupWiring } from "./group_wiring.ts";
import { didYouMean } from "./nearest.ts";
import type { CheckedPart, Component } from "./part_check.ts";
import type { CheckedGroup, CheckedSink } from "./sink_check.ts";
import type { CheckedSource, Reference } from "./source_check.ts";
import type { Place } from "./tree.ts";

/** All components of an agent, each checked on its own. */
export interface CheckedAgent {
  readonly place: Place;
  readonly sources: readonly CheckedSource[];
  /** As they are written, and, in the same order, as they were checked; an unwritten one is `direct`. */
  readonly channels: readonly Component[];
  readonly channelParts: readonly (CheckedPart | undefined)[];
  readonly sinks: readonly CheckedSink[];
  readonly groups: readonly CheckedGroup[];
  readonly deadLetters: CheckedPart | undefined;
}

/** Fields of selectors that hold names of channels. */
const CHANNEL_FIELDS = ["default", "optional", "mapping"];

/** Who is joined with whom in an agent. */
export class Wiring {
  readonly #agent: CheckedAgent;
  readonly #names: readonly string[];

  constructor(agent: CheckedAgent) {
    this.#agent = agent;
    this.#names = agent.channels.map(({ name }) => name);
  }

  /** The channels that a source writes to; the only one when it names none. */
  channelsOf({ channels }: CheckedSource): string[] {
    return channels?.map(({ name }) => name) ?? this.#names.slice(0, 1);
  }

  /** The channel that a sink drains; the only one when it names none. */
  channelOf({ channels }: CheckedSink): string {
    return channels?.[0]?.name ?? this.#names[0]!;
  }

  /** Complains about what is joined wrongly. */
  check(report: Report): void {
    const { sources, sinks, groups, place } = this.#agent;
    if (sources.length === 0) {
      report.error("no-source", place, {
        text: "The pipeline has no source",
        fix: "add `source: { type: … }`",
      });
    }
    if (sinks.length === 0) {
      report.error("no-sink", place, { text: "The pipeline has no sink", fix: "add `sink: { type: … }`" });
    }
    for (const source of sources) this.#checkSource(source, report);
    for (const sink of sinks) this.#checkSink(sink, report);
    const groupWiring = new GroupWiring(sinks, (sink) => this.channelOf(sink));
    for (const group of groups) groupWiring.check(group, report);
    this.#checkUse(report);
  }

  #checkSource({ component, channels, selector }: CheckedSource, report: Report): void {
    const title = `source "${component.name}"`;
    if (!channels || channels.length === 0) {
      if (channels || this.#names.length > 1) this.#complainNoChannel(title, component, report);
      return;
    }
    this.#checkNames(channels, title, report);
    if (!selector) return;
    const own = channels.map(({ name }) => name);
    for (const { name, place } of channelsIn(selector)) {
      if (own.includes(name)) continue;
      report.error("unknown-channel", place, {
        text: `${selector.title} names channel "${name}", which is not one of the source's`,
        fix: `${didYouMean(name, own)}Its channels: ${own.join(", ")}`,
      });
    }
  }

  #checkSink({ component, channels }: CheckedSink, report: Report): void {
    const title = `sink "${component.name}"`;
    if (!channels || channels.length === 0) {
      if (channels || this.#names.length > 1) this.#complainNoChannel(title, component, report);
      return;
    }
    this.#checkNames(channels, title, report);
    if (channels.length === 1) return;
    report.error("wrong-value", channels[0]!.place, {
      text: `${title} must drain one channel, not ${channels.length}`,
      fix: "keep one name; one more sink drains one more channel",
    });
  }

  #checkNames(references: readonly Reference[], title: string, report: Report): void {
    references.forEach(({ name, place }, index) => {
      if (!this.#names.includes(name)) {
        report.error("unknown-channel", place, {
          text: `${title} names channel "${name}", which does not exist`,
          fix: `${didYouMean(name, this.#names)}Channels: ${this.#names.join(", ")}`,
        });
      } else if (references.findIndex((other) => other.name === name) < index) {
        report.error("duplicate-name", place, {
          text: `${title} names channel "${name}" twice`,
          fix: "remove one",
        });
      }
    });
  }

  #complainNoChannel(title: string, { kind, place }: Component, report: Report): void {
    const [key, verb] = kind === "source" ? ["channels", "writes to"] : ["channel", "drains"];
    report.error("missing-field", place, {
      text: `${title} does not say which channel it ${verb}`,
      fix: `add "${key}: ${this.#names.join(" ")}"${
        this.#names.length > 1 && kind === "sink" ? " with one of them" : ""
      }`,
    });
  }

  #checkUse(report: Report): void {
    const { sources, sinks, channels } = this.#agent;
    const fed = new Set(sources.flatMap((source) => this.channelsOf(source)));
    const drained = new Set(sinks.map((sink) => this.channelOf(sink)));
    for (const { name, place } of channels) {
      if (sinks.length > 0 && !drained.has(name)) {
        report.warning("unread-channel", place, {
          text: `channel "${name}" has no sink`,
          fix: `add a sink with \`channel: ${name}\`, or remove the channel`,
        });
      }
      if (sources.length > 0 && !fed.has(name)) {
        report.warning("unfed-channel", place, {
          text: `channel "${name}" has no source`,
          fix: `add it to the \`channels\` of a source, or remove the channel`,
        });
      }
    }
  }
}

/** The channels that a selector's settings name. */
function channelsIn({ checked }: CheckedPart): Reference[] {
  return CHANNEL_FIELDS.flatMap((key): Reference[] => {
    const value = checked.config[key];
    if (!checked.isWritten(key) || typeof value !== "object" || value === null) return [];
    if (Array.isArray(value)) {
      return value.map((name) => ({ name: String(name), place: checked.placeOf(key) }));
    }
    return Object.entries(value).flatMap(([word, names]) =>
      [names].flat().map((name) => ({ name: String(name), place: checked.placeOf(key, word) }))
    );
  });
}
