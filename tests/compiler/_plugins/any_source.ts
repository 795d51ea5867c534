import { defineSource, map, text } from "sluice/plugin";

// A plugin, though not in plugins/.
// deno-lint-ignore sluice/default-exports
export default defineSource({
  name: "any_source",
  summary: "Takes the settings of the users' sources in Flume's files.",
  config: {
    delay: text().optional().describe("Wait."),
    field: text().optional().describe("Start of each body."),
    connection: map(text()).default({}).describe("Where the table is."),
    columns: map(text()).default({}).describe("What to take from it."),
    run: map(text()).default({}).describe("How often."),
    table: text().optional().describe("Which table."),
  },
  examples: [],
  create: () => ({ run: () => Promise.resolve() }),
});
