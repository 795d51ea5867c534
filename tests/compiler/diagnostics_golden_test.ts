import assert from "node:assert/strict";
import { denoSurroundings } from "../../commands/_surroundings.ts";
import { compile } from "../../compiler/compile.ts";
import { renderDiagnostics } from "../../compiler/diagnostics.ts";
import { testSurroundings } from "./_around.ts";

const FOLDER = "tests/golden/diagnostics";
const ROOT = new URL("../../", import.meta.url);
const names = [...Deno.readDirSync(new URL(FOLDER, ROOT))].map(({ name }) => name)
  .filter((name) => /\.(?:yaml|conf)$/.test(name) && !name.endsWith(".classes.yaml"));
const { readText, fileExists, run } = denoSurroundings(undefined, "state");

// With SLUICE_UPDATE_GOLDEN set, the expected files are written instead of compared.
for (const name of names.sort()) {
  Deno.test(`diagnostics of ${name} are as expected`, async () => {
    const file = `${FOLDER}/${name}`;
    const folder = decodeURIComponent(new URL(`${FOLDER}/`, ROOT).pathname);
    const around = testSurroundings({ files: { [`${folder}token.txt`]: "opensesame\n" } });
    const text = await Deno.readTextFile(new URL(file, ROOT));
    const agent = /^# agent: (\w+)$/m.exec(text)?.[1];
    const { plan, diagnostics } = await compile(text, file, {
      ...around,
      ...agent !== undefined && { agent },
      readText: (path) => path.endsWith(".classes.yaml") ? readText(path) : around.readText(path),
      fileExists: fileExists!,
      run: run!,
    });
    const hasErrors = diagnostics.some(({ severity }) => severity === "error");
    assert.equal(plan === undefined, hasErrors);
    const rendered = renderDiagnostics(diagnostics).replaceAll(decodeURIComponent(ROOT.pathname), "/sluice/");
    const golden = new URL(`${FOLDER}/${name.replace(/\.[a-z]+$/, "")}.expected`, ROOT);
    if (Deno.env.get("SLUICE_UPDATE_GOLDEN")) await Deno.writeTextFile(golden, rendered);
    assert.equal(rendered, await Deno.readTextFile(golden));
    assert.doesNotMatch(rendered, name.startsWith("conf_") ? /hidden|secret@|opensesame/ : /hidden|secret@/);
  });
}
