import { nameList } from "./name_list.ts";
import { didYouMean } from "./nearest.ts";
import type { SectionTools } from "./sections.ts";
import type { CheckedGroup, CheckedSink } from "./sink_check.ts";

/** Checks which sinks stand in which group. */
export class GroupWiring {
  readonly #sinks: readonly CheckedSink[];
  readonly #channelOf: (sink: CheckedSink) => string;
  readonly #tools: SectionTools;
  readonly #owners = new Map<string, string>();

  constructor(
    sinks: readonly CheckedSink[],
    channelOf: (sink: CheckedSink) => string,
    tools: SectionTools,
  ) {
    this.#sinks = sinks;
    this.#channelOf = channelOf;
    this.#tools = tools;
  }

  /** Complains about one group; knows the groups before it. */
  check(group: CheckedGroup): void {
    const { report } = this.#tools;
    const title = `sink group "${group.group.name}"`;
    const names = this.#sinks.map(({ component }) => component.name);
    for (const { name, place } of group.sinks) {
      if (!names.includes(name)) {
        report.error("unknown-sink", place, {
          text: `${title} names sink "${name}", which does not exist`,
          fix: `${didYouMean(name, names)}Sinks: ${nameList(names)}`,
        });
        continue;
      }
      const owner = this.#owners.get(name);
      if (owner !== undefined) {
        report.error("sink-in-two-groups", place, {
          text: `sink "${name}" stands in sink group "${owner}" already`,
          fix: "keep it in one of them",
        });
      } else this.#owners.set(name, group.group.name);
    }
    this.#checkChannels(group, title);
    this.#checkProcessor(group, title);
  }

  #checkChannels({ group, sinks }: CheckedGroup, title: string): void {
    const members = this.#sinks.filter(({ component }) => sinks.some(({ name }) => name === component.name));
    const channels = new Set(members.map((sink) => this.#channelOf(sink)));
    if (channels.size < 2) return;
    this.#tools.report.error("different-channels", group.place, {
      text: `The sinks of ${title} drain different channels: ${nameList([...channels])}`,
      fix: "let all sinks of a group drain one channel",
    });
  }

  #checkProcessor({ group, sinks, processor }: CheckedGroup, title: string): void {
    if (!processor) return;
    const { report, syntax } = this.#tools;
    if (processor.part.type === "default" && sinks.length > 1) {
      report.error("bad-combination", processor.place, {
        text: `${title} has ${sinks.length} sinks, and processor "default" takes one`,
        fix: syntax.isFlume
          ? `add "${
            syntax.write({ owner: `${group.path}.processor`, key: "type", value: "failover" })
          }", or load_balance`
          : 'add "processor: { type: failover }" or "processor: { type: load_balance }"',
      });
    }
    const own = sinks.map(({ name }) => name);
    for (const name of Object.keys(processor.checked.config.priority ?? {})) {
      if (own.includes(name)) continue;
      report.error("unknown-sink", processor.checked.placeOf("priority", name), {
        text: `${processor.title} gives sink "${name}" a priority, which is not in group "${group.name}"`,
        fix: `${didYouMean(name, own)}Sinks of the group: ${nameList(own)}`,
      });
    }
  }
}
