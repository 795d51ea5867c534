import { behaviourLines } from "./_inventory/behaviours.ts";
import { type Home, homeOf } from "./_inventory/home.ts";
import { type Component, readInventory, wordsOf } from "./_inventory/inventory.ts";
import { type PropertyState, propertyState } from "./_inventory/property_state.ts";

/** A component of Flume, and what became of it and of each of its properties. */
export interface Row {
  readonly component: Component;
  readonly home: Home;
  /** In the order of the component's properties. */
  readonly states: readonly PropertyState[];
}

const HEAD = `# Flume's components here

Every component and property of Flume 1.6 to 1.11, and what became of it. A file for Flume runs as it is: types are found by alias
or class name, in any case, with or without \`$Builder\`; classes of your own are mapped to modules, as
[Your Java component in TypeScript](../guide/java-components.md) shows.

| State | Means |
|---|---|
| yes | does what it does in Flume |
| old name of \`x\` | works, with a warning: write \`x\` |
| accepted without effect | may stand there, and nothing depends on it here |
| differs | works, but not quite as in Flume; the reason stands behind it |
| not yet | this version does not have the component; \`validate\` says what to do meanwhile |
| dead | nothing is in its place; \`validate\` says what to use instead |
`;

/** Compares all components with what is built. */
export async function inventoryRows(): Promise<readonly Row[]> {
  const all = await readInventory();
  return await Promise.all(all.map(async (component) => {
    const home = await homeOf(component);
    const states = component.props.map((property) => propertyState(component, property, { home, all }));
    return { component, home, states };
  }));
}

/** The page that shows the state of each component and property: `docs/reference/flume.md`. */
export async function renderInventory(): Promise<string> {
  const rows = await inventoryRows();
  const kinds = Map.groupBy(rows, ({ component }) => component.kind);
  const sections = Array.from(kinds, ([kind, own]) => {
    const overview = own.map((row) =>
      `| ${link(row)} | ${wordsText(row.component)} | ${cell(stateOf(row.home))} |\n`
    );
    const parts = own.filter(({ component }) => component.props.length + component.behaviour.length > 0);
    return `\n## ${title(kind)}\n\n| Component | Words | State |\n|---|---|---|\n${overview.join("")}${
      parts.map(part).join("")
    }`;
  });
  return HEAD + sections.join("");
}

function part({ component, home, states }: Row): string {
  const { id, props, behaviour } = component;
  const rows = props.map(({ name, default: value, required }, at) =>
    `| \`${cell(name)}\` | ${required ? "required" : value === null ? "" : `\`${cell(String(value))}\``} | ${
      cell(states[at]!.text)
    } |\n`
  );
  const table = rows.length === 0
    ? ""
    : `\n| Property | Flume's default | State |\n|---|---|---|\n${rows.join("")}`;
  const lines = home.state === "known" || behaviour.length === 0 ? [] : behaviourLines(component);
  return `\n### ${id}\n\n${component.does}.\n${table}${lines.length === 0 ? "" : `\n${lines.join("\n")}\n`}`;
}

/** What became of a component, in a few words. */
export function stateOf(home: Home): string {
  if (home.state === "plugin") {
    return `yes: [${home.plugin.name}](${home.page})${
      home.value ? `, a word of \`${home.value.field}\`` : ""
    }`;
  }
  if (home.state === "module") return "yes: a module, by path or mapped by `classes:`";
  if (home.state === "program") return `yes: ${home.part.text}`;
  if (home.state === "missing") return "missing";
  const { state, text, fix } = home.known;
  return `${state === "later" ? "not yet" : "dead"}: ${text}. Instead: ${fix}`;
}

function link({ component: { id, props, behaviour } }: Row): string {
  return props.length + behaviour.length === 0 ? id : `[${id}](#${id.replaceAll(".", "").toLowerCase()})`;
}

function wordsText(component: Component): string {
  return wordsOf(component).map((word) => `\`${word}\``).join(", ") || "your class";
}

function title(kind: string): string {
  const words = kind.replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}s`;
}

/** Text in a table cell: bars are escaped where they are not yet. */
function cell(text: string): string {
  return text.replace(/(?<!\\)\|/g, "\\|").replaceAll("\n", " ");
}
