import type { FileNames } from "../buckets.ts";

/** No name has it: control characters are encoded. */
const GAP = "\t";

/** The names of a file that grows, and its target, in one text by which the manifest knows it. */
export class AppendName implements FileNames {
  readonly stem: string;
  readonly end: string;
  readonly inUse: string;
  /** Where it grows, as `targetName` says it; earlier versions did not tell. */
  readonly target: string | undefined;

  constructor({ stem, end, inUse, target }: FileNames & { readonly target?: string | undefined }) {
    this.stem = stem;
    this.end = end;
    this.inUse = inUse;
    this.target = target;
  }

  /** Whether a text is such names, and not the name of a staged file. */
  static isOne(text: string): boolean {
    return text.includes(GAP);
  }

  /** Reads what `toString` wrote. */
  static parse(text: string): AppendName {
    const [stem = "", end = "", inUse = "", target] = text.split(GAP);
    return new AppendName({ stem, end, inUse, target });
  }

  toString(): string {
    const { stem, end, inUse, target } = this;
    return [stem, end, inUse, ...target === undefined ? [] : [target]].join(GAP);
  }
}
