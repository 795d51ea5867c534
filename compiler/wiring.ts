import { GroupWiring } from "./group_wiring.ts";
import { nameList } from "./name_list.ts";
import { didYouMean } from "./nearest.ts";
import type { CheckedPart, Component } from "./part_check.ts";
import type { CheckedGroup, CheckedSink } from "./sink_check.ts";
import type { SectionTools } from "./sections.ts";
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
/** Channels that begin empty, and that nobody but the agent fills. */
const VOLATILE = ["memory", "direct"];

/** Who is joined with whom in an agent. */
export class Wiring {
  readonly #agent: CheckedAgent;
  readonly #names: readonly string[];
  readonly #tools: SectionTools;

  constructor(agent: CheckedAgent, tools: SectionTools) {
    this.#agent = agent;
    this.#tools = tools;
    this.#names = agent.channels.map(({ name }) => name);
  }

  /** The channels that a source writes to; the only one when it names none, which Flume does not have. */
  channelsOf({ channels }: CheckedSource): string[] {
    return channels ? [...new Set(channels.map(({ name }) => name))] : this.#default;
  }

  /** The channel that a sink drains; the only one when it names none, which Flume does not have. */
  channelOf({ channels }: CheckedSink): string {
    return channels?.[0]?.name ?? this.#default[0] ?? "";
  }

  get #default(): string[] {
    return this.#tools.syntax.isFlume ? [] : this.#names.slice(0, 1);
  }

  /** The channels that a source or a sink names; as in Flume, others are not made. */
  get usedChannels(): ReadonlySet<string> {
    const { sources, sinks } = this.#agent;
    return new Set([
      ...sources.flatMap((source) => this.channelsOf(source)),
      ...sinks.map((sink) => this.channelOf(sink)),
    ]);
  }

  /** Complains about what is joined wrongly. */
  check(): void {
    const { sources, sinks, groups } = this.#agent;
    this.#checkEnds();
    for (const source of sources) this.#checkSource(source);
    for (const sink of sinks) this.#checkSink(sink);
    const groupWiring = new GroupWiring(sinks, (sink) => this.channelOf(sink), this.#tools);
    for (const group of groups) groupWiring.check(group);
    this.#checkUse();
  }

  #checkEnds(): void {
    const { sources, sinks, channels, channelParts, place } = this.#agent;
    const { report, syntax } = this.#tools;
    // Another agent has the other end.
    if (this.#sharesChannels) return;
    if (!syntax.isFlume) {
      const fix = (key: string) => `add \`${key}: { type: … }\``;
      if (sources.length === 0) {
        report.error("no-source", place, { text: "The pipeline has no source", fix: fix("source") });
      }
      if (sinks.length === 0) {
        report.error("no-sink", place, { text: "The pipeline has no sink", fix: fix("sink") });
      }
      return;
    }
    const write = (key: string, value: string) => syntax.write({ owner: "", key, value });
    const tell = (key: string, value: string, isFatal: boolean) =>
      report[isFatal ? "error" : "warning"](`no-${key.slice(0, -1)}`, place, {
        text: `The agent has no ${key.slice(0, -1)}`,
        fix: `add "${write(key, value)}", and settings that begin with "${
          write(key, "").split(" ")[0]
        }.${value}."`,
      });
    if (channels.length === 0) return tell("channels", "c1", true);
    // Flume starts such agents; here they must have a channel that somebody else can fill or drain.
    const isAlone = sources.length + sinks.length === 0 ||
      channelParts.every((part) => !part || VOLATILE.includes(part.part.type));
    if (sources.length === 0) tell("sources", "r1", isAlone);
    if (sinks.length === 0) tell("sinks", "k1", isAlone);
  }

  #isShared(index: number): boolean {
    return this.#agent.channelParts[index]?.part.plugin.isShared === true;
  }

  /** Some of the channels in use are those of other agents as well. */
  get #sharesChannels(): boolean {
    const used = this.usedChannels;
    return this.#names.some((name, index) => used.has(name) && this.#isShared(index));
  }

  #checkSource({ component, channels, selector }: CheckedSource): void {
    const title = `source "${component.name}"`;
    if (!channels || channels.length === 0) {
      if (channels || this.#needsNames) this.#complainNoChannel(title, component);
      return;
    }
    this.#checkNames(channels, title);
    if (!selector) return;
    const own = channels.map(({ name }) => name);
    for (const { name, place } of channelsIn(selector)) {
      if (own.includes(name)) continue;
      this.#tools.report.error("unknown-channel", place, {
        text: `${selector.title} names channel "${name}", which is not one of the source's`,
        fix: `${didYouMean(name, own)}Its channels: ${nameList(own)}`,
      });
    }
  }

  #checkSink({ component, channels }: CheckedSink): void {
    const title = `sink "${component.name}"`;
    if (!channels || channels.length === 0) {
      if (channels || this.#needsNames) this.#complainNoChannel(title, component);
      return;
    }
    this.#checkNames(channels, title);
    if (channels.length === 1) return;
    this.#tools.report.error("wrong-value", channels[0]!.place, {
      text: `${title} must drain one channel, not ${channels.length}`,
      fix: "keep one name; one more sink drains one more channel",
    });
  }

  /** Flume takes nothing for granted. */
  get #needsNames(): boolean {
    return this.#names.length > 1 || this.#tools.syntax.isFlume;
  }

  #checkNames(references: readonly Reference[], title: string): void {
    const { report, syntax } = this.#tools;
    references.forEach(({ name, place }, index) => {
      if (!this.#names.includes(name)) {
        report.error("unknown-channel", place, {
          text: `${title} names channel "${name}", which does not exist`,
          fix: `${didYouMean(name, this.#names)}Channels: ${nameList(this.#names) || "none"}`,
        });
      } else if (references.findIndex((other) => other.name === name) < index) {
        report[syntax.isFlume ? "warning" : "error"]("duplicate-name", place, {
          text: `${title} names channel "${name}" twice`,
          fix: "remove one",
        });
      }
    });
  }

  #complainNoChannel(title: string, { kind, path, place }: Component): void {
    const [key, verb] = kind === "source" ? ["channels", "writes to"] : ["channel", "drains"];
    const { report, syntax } = this.#tools;
    report.error("missing-field", place, {
      text: `${title} does not say which channel it ${verb}`,
      fix: `add "${syntax.write({ owner: path, key, value: this.#names.join(" ") || "c1" })}"${
        this.#names.length > 1 && kind === "sink" ? " with one of them" : ""
      }`,
    });
  }

  #checkUse(): void {
    const { sources, sinks, channels } = this.#agent;
    const { report } = this.#tools;
    const sharesChannels = this.#sharesChannels;
    const fed = new Set(sources.flatMap((source) => this.channelsOf(source)));
    const drained = new Set(sinks.map((sink) => this.channelOf(sink)));
    for (const [index, { name, place }] of channels.entries()) {
      const isUnread = (sinks.length > 0 || sharesChannels) && !drained.has(name);
      const isUnfed = (sources.length > 0 || sharesChannels) && !fed.has(name);
      if (isUnread !== isUnfed && this.#isShared(index)) continue;
      if (isUnread && isUnfed) {
        report.warning("unused-channel", place, {
          text: `channel "${name}" has neither source nor sink, and is left out`,
          fix: "remove it, or let a source and a sink name it",
        });
      } else if (isUnread) {
        report.warning("unread-channel", place, {
          text: `channel "${name}" has no sink`,
          fix: `let a sink drain it, or remove the channel`,
        });
      } else if (isUnfed) {
        report.warning("unfed-channel", place, {
          text: `channel "${name}" has no source`,
          fix: "add it to the `channels` of a source, or remove the channel",
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
