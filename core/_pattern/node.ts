import type { CodePoints } from "./code_points.ts";

/** Where a match may stand, without taking text. */
export type Anchor =
  | "start" // \A, and ^ outside multi-line mode.
  | "end" // \z.
  | "final" // \Z, and $ outside multi-line mode: the end, or before the last line terminator.
  | "line-start"
  | "line-end"
  | "word"
  | "no-word";

/** A part of a regular expression. Case and dot flags are resolved into the sets while it is parsed. */
export type Node =
  | { readonly kind: "set"; readonly set: CodePoints }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "either"; readonly branches: readonly Node[] }
  | { readonly kind: "group"; readonly group: number; readonly body: Node }
  | { readonly kind: "atomic"; readonly body: Node }
  | { readonly kind: "look"; readonly behind: boolean; readonly negated: boolean; readonly body: Node }
  | { readonly kind: "anchor"; readonly anchor: Anchor; readonly unixLines: boolean }
  | { readonly kind: "back"; readonly group: number; readonly fold: boolean }
  | Repeat;

/** A part that stands several times. */
export interface Repeat {
  readonly kind: "repeat";
  readonly body: Node;
  readonly min: number;
  readonly max: number;
  readonly mode: "greedy" | "lazy" | "possessive";
}

/** A regular expression as Java reads it. */
export interface Parsed {
  readonly root: Node;
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, number>;
}
