import { defineCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { compileFile, onlyFile, PIPELINE_OPTIONS } from "./_pipeline_file.ts";
import { errorColour, print, printError } from "./_terminal.ts";

const options = {
  format: {
    type: "string",
    choices: ["text", "json", "mermaid", "graphviz"],
    about: "How the plan is drawn (text).",
  },
  ...PIPELINE_OPTIONS,
} as const;

export default defineCommand({
  name: "plan",
  summary: "Shows what a pipeline file compiles to, as text, JSON, Mermaid or Graphviz.",
  usage: ["plan [options] PIPELINE"],
  about: "Nothing is started. Secrets are shown as ***.",
  options,
  positionals: { min: 0, max: 1, complete: "files" },
  example: "sluice plan --format mermaid pipelines/quickstart.yaml",
  exitCodes: ["ok", "findings", "usage"],
  async run({ values, positionals }) {
    const { plan, diagnostics } = await compileFile(onlyFile("plan", positionals, values), values);
    const { renderDiagnostics } = await import("../compiler/diagnostics.ts");
    printError(renderDiagnostics(diagnostics, { colour: errorColour() }));
    if (!plan) return EXIT.findings;
    const { planGraphviz, planJson, planMermaid, planText } = await import(
      "../compiler/render/plan_views.ts"
    );
    const views = { text: planText, json: planJson, mermaid: planMermaid, graphviz: planGraphviz };
    print(views[(values.format ?? "text") as keyof typeof views](plan));
    return EXIT.ok;
  },
});
