import type { Diagnostic } from "../compiler/diagnostics.ts";
import { defineCommand } from "./command.ts";
import { EXIT, usageError } from "./exit.ts";
import { compileFile, PIPELINE_OPTIONS } from "./_pipeline_file.ts";
import { outputColour, print } from "./_terminal.ts";

const options = {
  json: { type: "boolean", about: "Print the findings as a JSON list." },
  strict: { type: "boolean", about: "Warnings count as errors." },
  name: PIPELINE_OPTIONS.name,
  agent: PIPELINE_OPTIONS.agent,
  "conf-file": PIPELINE_OPTIONS["conf-file"],
  define: PIPELINE_OPTIONS.define,
  class: PIPELINE_OPTIONS.class,
} as const;

export default defineCommand({
  name: "validate",
  aliases: ["lint", "configtest"],
  summary: "Checks pipeline files and tells all that is wrong, with line, column and fix.",
  usage: ["validate [options] PIPELINE..."],
  about: "Nothing is started. Plugins that the files name are loaded.",
  options,
  positionals: { min: 0, max: Infinity, complete: "files" },
  example: "sluice validate pipelines/*.yaml",
  exitCodes: ["ok", "findings", "usage"],
  async run({ values, positionals }) {
    const files = [...values["conf-file"] === undefined ? [] : [values["conf-file"]], ...positionals];
    if (files.length === 0) {
      throw usageError(
        "validate (or lint, or configtest) needs a pipeline file",
        "write: sluice validate PIPELINE...",
      );
    }
    const findings: Diagnostic[] = [];
    for (const file of files) findings.push(...(await compileFile(file, values)).diagnostics);
    const { renderDiagnostics, renderDiagnosticsJson } = await import("../compiler/diagnostics.ts");
    if (values.json) print(renderDiagnosticsJson(findings));
    else print(renderDiagnostics(findings, { colour: outputColour() }) + verdict(files.length, findings));
    const fatal = values.strict ? ["error", "warning"] : ["error"];
    return findings.some(({ severity }) => fatal.includes(severity)) ? EXIT.findings : EXIT.ok;
  },
});

function verdict(files: number, findings: readonly Diagnostic[]): string {
  const count = (severity: string, word: string) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return number === 0 ? [] : [`${number} ${word}${number === 1 ? "" : "s"}`];
  };
  const counts = [...count("error", "error"), ...count("warning", "warning"), ...count("note", "note")];
  return `${files} file${files === 1 ? "" : "s"} checked: ${
    counts.length === 0 ? "no findings" : counts.join(", ")
  }\n`;
}
