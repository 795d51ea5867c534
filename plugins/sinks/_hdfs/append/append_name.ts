import type { FileNames } from "../buckets.ts";

/** No name has it: control characters are encoded. */
const GAP = "\t";

/** The names of a file that grows at its target, in one text by which the manifest knows it. */
export class AppendName implements FileNames {
  readonly stem: string;
  readonly end: string;
  readonly inUse: string;

  constructor({ stem, end, inUse }: FileNames) {
    this.stem = stem;
    this.end = end;
    this.inUse = inUse;
  }

  /** Whether a text is such names, and not the name of a staged file. */
  static isOne(text: string): boolean {
    return text.includes(GAP);
  }

  /** Reads what `toString` wrote. */
  static parse(text: string): AppendName {
    const [stem = "", end = "", inUse = ""] = text.split(GAP);
    return new AppendName({ stem, end, inUse });
  }

  toString(): string {
    return [this.stem, this.end, this.inUse].join(GAP);
  }
}
