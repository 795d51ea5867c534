/** Where something stands in a file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** The file, where several of them make one pipeline; otherwise the one that is compiled. */
  readonly file?: string;
  /** The property that stands there, as it was written: `a1.sources.r1.port`. Only in Flume's syntax. */
  readonly property?: string;
}

/** One plain value: its text as it was written, and what YAML's core rules make of it. */
export interface Scalar {
  readonly text: string;
  readonly value: string | number | boolean | null;
}

/**
 * A value of a configuration file, whatever its syntax. Flume's properties may give a key a value of its own and keys
 * below it at once (`interceptors = i1` and `interceptors.i1.type = host`), so `scalar` and `entries` may both stand.
 */
export interface TreeNode {
  readonly place: Place;
  readonly scalar?: Scalar;
  readonly elements?: readonly TreeNode[];
  readonly entries?: readonly TreeEntry[];
  /** A complaint about the value has been made already; nobody needs a second one. */
  readonly isBroken?: boolean;
  /** The value comes from where secrets are kept; it is never shown. */
  readonly isSecret?: boolean;
}

/** A key with its value. */
export interface TreeEntry {
  readonly key: string;
  readonly place: Place;
  readonly node: TreeNode;
}

const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;

/** Reads plain text as YAML does: `true`, `5` and the empty text are no strings. */
export function scalarOf(text: string): Scalar {
  if (text === "") return { text, value: null };
  if (/^(?:true|false)$/i.test(text)) return { text, value: text.toLowerCase() === "true" };
  return { text, value: NUMBER.test(text) ? Number(text) : text };
}
