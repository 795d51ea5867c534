import { parse } from "yaml";

/** A property of a component of Flume, as the inventory has it. */
export interface Property {
  readonly name: string;
  readonly required: boolean;
  /** What stands when nothing is written: a value, or words such as `all supported`; null for nothing. */
  readonly default: string | number | boolean | null;
  readonly means: string;
  readonly type: string;
  readonly unit?: string;
  readonly values?: readonly (string | number | null)[] | string;
  readonly state?: "deprecated" | "undocumented";
  /** The name holds a placeholder, or covers everything below it. */
  readonly pattern?: boolean;
  readonly note?: string;
  /** The group of properties that it comes from; absent for the component's own. */
  readonly group?: string;
}

/** A component of Flume, its groups of properties expanded. */
export interface Component {
  /** Kind and name, with a dot between them. */
  readonly id: string;
  readonly kind: string;
  readonly aliases: readonly string[];
  readonly class: string;
  readonly status: string;
  readonly does: string;
  /** What stands in front of its properties in a file. */
  readonly prefix?: string;
  readonly props: readonly Property[];
  readonly behaviour: readonly string[];
}

interface Written extends Omit<Component, "props" | "behaviour"> {
  readonly uses?: readonly string[];
  readonly props?: readonly Property[];
  readonly behaviour?: readonly string[];
}

interface Document {
  readonly groups: Readonly<Record<string, readonly Property[]>>;
  readonly components: readonly Written[];
}

const SAMPLE = new URL("../../tests/data/flume/inventory.yaml", import.meta.url);

/** Reads the list of all components and properties of Flume 1.6 to 1.11. */
export async function readInventory(): Promise<readonly Component[]> {
  const { groups, components } = parse(await Deno.readTextFile(SAMPLE)) as Document;
  return components.map(({ uses = [], props = [], behaviour = [], ...rest }) => ({
    ...rest,
    aliases: rest.aliases.map(String),
    props: [...uses.flatMap((group) => groups[group]!.map((one) => ({ ...one, group }))), ...props],
    behaviour,
  }));
}

/** The words that stand for a component in a file: its aliases and its class, without those of users. */
export function wordsOf({ aliases, class: className }: Component): readonly string[] {
  const isClass = /^[\w.$]+$/.test(className) && className.includes(".");
  return [...aliases.filter((alias) => !alias.includes("<")), ...isClass ? [className] : []];
}
