/** A setting of a component. */
export interface Setting {
  /** Where the component stands: `sources.r1`; empty for the agent itself. */
  readonly owner: string;
  readonly key: string;
  readonly value: string;
}

/** What depends on the syntax of a pipeline file: how settings are written, and whose rules hold. */
export interface Syntax {
  readonly name: "yaml" | "properties";
  /**
   * Flume's own rules hold: components count when a list names them, properties that nobody knows are ignored, and what
   * cannot be looked up stays as it is written.
   */
  readonly isFlume: boolean;
  /** A setting as one writes it: `port: 80`, or `a1.sources.r1.port = 80`. */
  write(setting: Setting): string;
}

/** The rules and words of YAML files. */
export const YAML: Syntax = {
  name: "yaml",
  isFlume: false,
  write: ({ key, value }) => `${key}: ${value}`,
};

/** The rules and words of Flume's files, for one agent. */
export function propertiesOf(agent: string): Syntax {
  return {
    name: "properties",
    isFlume: true,
    write: ({ owner, key, value }) =>
      `${[agent, owner, key].filter((part) => part !== "").join(".")} = ${value}`,
  };
}

/**
 * Tells the syntax of a file by the end of its name; where that says nothing, a line such as `a1.sources = r1` does.
 */
export function syntaxOf(file: string, text: string): Syntax["name"] {
  if (/\.(?:conf|properties|flume)$/i.test(file)) return "properties";
  if (/\.(?:ya?ml|json)$/i.test(file)) return "yaml";
  return /^[ \t]*[^\s#!:=]+\.(?:sources|channels|sinks)[ \t]*=/m.test(text) ? "properties" : "yaml";
}
