import type { Head } from "./head.ts";

const BLANK = 32;
const NAMES = ["priority", "version", "timestamp", "hostname"] as const;

/** A part of the head that may stay in the body. */
export type KeptField = (typeof NAMES)[number];

/** Which parts of the head stay in the body: the whole line, or some. */
export class KeptFields {
  /** The line stays as it is. */
  readonly all: boolean;
  /** No part stays. */
  readonly none: boolean;
  readonly #fields: ReadonlySet<KeptField>;

  /** Reads `keepFields` as Flume does: `true` is all, `false` none, and a name counts wherever it stands. */
  constructor(text: string) {
    const words = text.trim().toLowerCase();
    this.all = words === "all" || words === "true";
    this.#fields = new Set(this.all ? [] : NAMES.filter((name) => words.includes(name)));
    this.none = !this.all && this.#fields.size === 0;
  }

  /** Words that mean nothing. */
  static strays(text: string): string[] {
    const known: readonly string[] = ["all", "none", "true", "false", ...NAMES];
    return text.toLowerCase().split(/[\s,]+/).filter((word) => word !== "" && !known.includes(word));
  }

  has(field: KeptField): boolean {
    return this.#fields.has(field);
  }

  /**
   * Where the body starts. What stays is moved together in front of the body, over the parts of the head that go: there
   * is always room, except for the blank behind a version that was sent without one.
   */
  place(head: Head): number {
    if (this.all || head.bodyStart === head.from) return head.from;
    if (this.none) return head.bodyStart;
    const { bytes, from, version } = head;
    let start = head.bodyStart;
    const put = (partStart: number, partEnd: number) => {
      start -= partEnd - partStart;
      bytes.copyWithin(start, partStart, partEnd);
    };
    if (this.has("hostname")) {
      bytes[--start] = BLANK;
      put(head.hostStart, head.hostEnd);
    }
    if (this.has("timestamp")) {
      bytes[--start] = BLANK;
      put(head.stampStart, head.stampEnd);
    }
    const priorityBytes = this.has("priority") ? head.priorityDigits + 2 : 0;
    if (this.has("version") && version > 0) {
      if (start - priorityBytes - 2 >= from) bytes[--start] = BLANK;
      bytes[--start] = version;
    }
    if (priorityBytes > 0) put(from, from + priorityBytes);
    return start;
  }
}
