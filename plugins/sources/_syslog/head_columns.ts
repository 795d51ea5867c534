import type { Column } from "sluice/plugin";
import { ColumnBuilder } from "./columns.ts";
import type { Head, HeadState } from "./head.ts";
import type { Names } from "./names.ts";
import type { Stamps } from "./stamps.ts";

/** How a source names its headers, which differ between Flume's two parsers. */
export interface HeaderNames {
  readonly priority: string;
  readonly version: string;
  /** Whether an invalid line has facility and severity, which are 0 then. */
  readonly marksInvalid: boolean;
}

/** What an own format found in a line. */
export interface FoundParts {
  readonly priority: string | undefined;
  readonly version: string | undefined;
  readonly timestamp: string | undefined;
  readonly host: string | undefined;
}

const NOTHING: FoundParts = {
  priority: undefined,
  version: undefined,
  timestamp: undefined,
  host: undefined,
};
const NUMBERS: readonly string[] = Array.from({ length: 1000 }, (_, number) => String(number));
const DIGITS: readonly string[] = NUMBERS.slice(0, 10);

/** Gathers what the heads of lines say, as headers. */
export class HeadColumns {
  readonly #marksInvalid: boolean;
  readonly #hosts: Names;
  readonly #stamps: Stamps;
  readonly #facility = new ColumnBuilder();
  readonly #severity = new ColumnBuilder();
  readonly #priority = new ColumnBuilder();
  readonly #version = new ColumnBuilder();
  readonly #timestamp = new ColumnBuilder();
  readonly #host = new ColumnBuilder();
  readonly #status = new ColumnBuilder();
  readonly #columns: readonly (readonly [name: string, builder: ColumnBuilder])[];

  constructor(names: HeaderNames, hosts: Names, stamps: Stamps) {
    this.#marksInvalid = names.marksInvalid;
    this.#hosts = hosts;
    this.#stamps = stamps;
    this.#columns = [
      ["Facility", this.#facility],
      ["Severity", this.#severity],
      [names.priority, this.#priority],
      [names.version, this.#version],
      ["timestamp", this.#timestamp],
      ["host", this.#host],
      ["flume.syslog.status", this.#status],
    ];
  }

  /** Starts anew, for so many lines at most. */
  start(mostLines: number): void {
    for (const [, builder] of this.#columns) builder.start(mostLines);
  }

  /** Adds a line by its head. */
  add(head: Head, state: HeadState, isCut: boolean): void {
    this.#addNumbers(state !== "invalid" ? head.priority : this.#marksInvalid ? 0 : undefined);
    this.#status.add(state === "invalid" ? "Invalid" : isCut ? "Incomplete" : undefined);
    if (state !== "whole") return this.#addParts(NOTHING);
    this.#priority.add(priorityText(head));
    this.#version.add(head.version === 0 ? undefined : DIGITS[head.version - 48]);
    this.#timestamp.add(Number.isNaN(head.stampMs) ? undefined : this.#stamps.text(head.stampMs));
    this.#host.add(head.hasHost ? this.#hosts.text(head.bytes, head.hostStart, head.hostEnd) : undefined);
  }

  /** Adds a line that an own format has taken apart. */
  addFound(head: Head, parts: FoundParts, isCut: boolean): void {
    this.#addNumbers(head.priority);
    this.#status.add(isCut ? "Incomplete" : undefined);
    this.#addParts(parts);
  }

  /** The headers of all lines added; those that no event has are left out. */
  headers(): Map<string, Column> {
    const headers = new Map<string, Column>();
    for (const [name, builder] of this.#columns) {
      const column = builder.column();
      if (column !== undefined) headers.set(name, column);
    }
    return headers;
  }

  #addParts({ priority, version, timestamp, host }: FoundParts): void {
    this.#priority.add(priority);
    this.#version.add(version);
    this.#timestamp.add(timestamp);
    this.#host.add(host);
  }

  #addNumbers(priority: number | undefined): void {
    this.#facility.add(priority === undefined ? undefined : numberText(priority >> 3));
    this.#severity.add(priority === undefined ? undefined : numberText(priority & 7));
  }
}

function numberText(number: number): string {
  return NUMBERS[number] ?? String(number);
}

/** As it was written: with its leading zeros. */
function priorityText({ priority, priorityDigits }: Head): string {
  const text = numberText(priority);
  return text.length === priorityDigits ? text : text.padStart(priorityDigits, "0");
}
