import { defineCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { print } from "./_terminal.ts";

export default defineCommand({
  name: "schema",
  summary: "Prints the JSON Schema of pipeline files, for editors.",
  usage: ["schema"],
  about: "In VS Code with the YAML extension, first line of a pipeline file:\n" +
    "  # yaml-language-server: $schema=./pipeline.schema.json",
  options: {},
  positionals: { min: 0, max: 0 },
  example: "sluice schema > pipeline.schema.json",
  exitCodes: ["ok", "usage"],
  async run() {
    const { jsonSchema } = await import("../compiler/json_schema.ts");
    const { loadAllPlugins } = await import("./_manifest.ts");
    print(`${JSON.stringify(jsonSchema(await loadAllPlugins()), null, 2)}\n`);
    return EXIT.ok;
  },
});
