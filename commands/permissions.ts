import { defineCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { compileFile, onlyFile, PIPELINE_OPTIONS } from "./_pipeline_file.ts";
import { errorColour, print, printError } from "./_terminal.ts";

export default defineCommand({
  name: "permissions",
  summary: "Prints the Deno permissions that a pipeline needs, one flag a line.",
  usage: ["permissions [options] PIPELINE"],
  about: "Use them so: deno run $(sluice permissions p.yaml) cli.ts p.yaml\n" +
    "`sluice run --sandbox p.yaml` does the same by itself.",
  options: PIPELINE_OPTIONS,
  positionals: { min: 0, max: 1, complete: "files" },
  example: "sluice permissions pipelines/quickstart.yaml",
  exitCodes: ["ok", "findings", "usage"],
  async run({ values, positionals }) {
    const file = onlyFile("permissions", positionals, values);
    const compiled = await compileFile(file, values);
    const { renderDiagnostics } = await import("../compiler/diagnostics.ts");
    printError(renderDiagnostics(compiled.diagnostics, { colour: errorColour() }));
    if (!compiled.plan) return EXIT.findings;
    const { sandboxFlags } = await import("./_sandbox.ts");
    print(sandboxFlags(file, compiled).map((flag) => `${flag}\n`).join(""));
    return EXIT.ok;
  },
});
