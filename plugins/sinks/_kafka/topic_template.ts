import type { Column, EventBatch } from "sluice/plugin";

const REFERENCE = /%\{([^}]+)\}/;
const TOPIC = /^[a-zA-Z0-9._-]{1,249}$/;

/** A topic's name with `%{header}` in it. */
export class TopicTemplate {
  /** Texts, and between them the names of headers. */
  readonly #pieces: readonly string[];

  constructor(template: string) {
    this.#pieces = template.split(REFERENCE);
  }

  /** It names one topic for all events. */
  get isPlain(): boolean {
    return this.#pieces.length === 1;
  }

  /** The topic of each event, or one for all; a header that is missing leaves nothing, as in Flume. */
  topics(batch: EventBatch): Column {
    const columns = this.#pieces.map((piece, at) => at % 2 === 0 ? piece : batch.headers.get(piece) ?? "");
    if (columns.every((column) => typeof column === "string")) return columns.join("");
    return Array.from(
      { length: batch.size },
      (_, index) =>
        columns.map((column) => typeof column === "string" ? column : column[index] ?? "").join(""),
    );
  }
}

/** Says what is wrong with a template, or nothing; Flume's other escapes stand for times and hosts. */
export function templateFault(template: string): string | undefined {
  const bare = template.replaceAll(new RegExp(REFERENCE, "g"), "x");
  if (bare.includes("%")) return `"${template}" has an escape other than %{header}`;
  return isTopicName(bare) ? undefined : `"${template}" cannot become the name of a topic`;
}

/** Whether the brokers allow a topic of this name. */
export function isTopicName(name: string): boolean {
  return TOPIC.test(name) && name !== "." && name !== "..";
}
