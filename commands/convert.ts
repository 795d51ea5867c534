import type { Converted } from "../compiler/convert.ts";
import { defineCommand } from "./command.ts";
import { CommandError, EXIT } from "./exit.ts";
import { onlyFile, PIPELINE_OPTIONS, surroundingsOf } from "./_pipeline_file.ts";
import { absolutePath, stateFolderOf } from "./_surroundings.ts";
import { errorColour, print, printError } from "./_terminal.ts";

const options = {
  output: { type: "string", short: "o", value: "FILE", about: "A new file instead of standard output." },
  name: { ...PIPELINE_OPTIONS.name, about: "Only this agent of the file." },
  agent: PIPELINE_OPTIONS.agent,
  "conf-file": PIPELINE_OPTIONS["conf-file"],
  define: PIPELINE_OPTIONS.define,
  class: PIPELINE_OPTIONS.class,
} as const;

export default defineCommand({
  name: "convert",
  summary: "Writes a Flume configuration as YAML that behaves the same.",
  usage: ["convert [-o FILE] [--name NAME] CONF"],
  about:
    "Comments are kept. What has no equal stands there as a comment, with the reason; it is also told\n" +
    "on standard error, as validate does.",
  options,
  positionals: { min: 0, max: 1, complete: "files" },
  example: "sluice convert flume.conf -o pipeline.yaml --name a1",
  exitCodes: ["ok", "findings", "usage", "failed"],
  async run({ values, positionals }) {
    const file = onlyFile("convert", positionals, values);
    const { convertProperties } = await import("../compiler/convert.ts");
    const folder = stateFolderOf(file);
    const converted = await convertProperties(await readConf(file), file, surroundingsOf(values, folder));
    await showFindings(converted);
    if (converted.yaml === "") return EXIT.findings;
    if (values.output === undefined) print(converted.yaml);
    else await writeNew(values.output, converted.yaml);
    const name = values.name ?? values.agent ?? /^name: (\S+)$/m.exec(converted.yaml)?.[1];
    if (name !== undefined) tellOfState(absolutePath(folder(name)));
    return converted.diagnostics.some(({ severity }) => severity === "error") ? EXIT.findings : EXIT.ok;
  },
});

async function showFindings({ diagnostics }: Converted): Promise<void> {
  const { renderDiagnostics } = await import("../compiler/diagnostics.ts");
  printError(renderDiagnostics(diagnostics, { colour: errorColour() }));
}

/** Positions lie under the file that was run. */
function tellOfState(stateDir: string): void {
  try {
    if (!Deno.statSync(stateDir).isDirectory) return;
  } catch {
    return;
  }
  printError(
    `note: the agent has run with the old file; to go on where it was, add: --state-dir ${stateDir}\n`,
  );
}

async function readConf(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (cause) {
    const fix = "correct the path, or make it readable";
    throw new CommandError(`Cannot read "${file}"`, { cause, fix, exit: "findings" });
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (cause) {
    const isThere = cause instanceof Deno.errors.AlreadyExists;
    throw new CommandError(isThere ? `"${path}" exists already` : `Cannot write "${path}"`, {
      ...!isThere && { cause },
      fix: isThere ? "move it away, or write into another file" : "correct the path of --output",
    });
  }
}
