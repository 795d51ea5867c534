import assert from "node:assert/strict";
import { compile } from "../../compiler/compile.ts";
import { renderDiagnostics } from "../../compiler/diagnostics.ts";
import { testSurroundings } from "./_around.ts";

const FOLDER = "tests/golden/diagnostics";
const ROOT = new URL("../../", import.meta.url);
const names = [...Deno.readDirSync(new URL(FOLDER, ROOT))]
  .filter(({ name }) => name.endsWith(".yaml"))
  .map(({ name }) => name.slice(0, -".yaml".length));

// With SLUICE_UPDATE_GOLDEN set, the expected files are written instead of compared.
for (const name of names.sort()) {
  Deno.test(`diagnostics of ${name}.yaml are as expected`, async () => {
    const file = `${FOLDER}/${name}.yaml`;
    const folder = decodeURIComponent(new URL(`${FOLDER}/`, ROOT).pathname);
    const around = testSurroundings({ files: { [`${folder}token.txt`]: "opensesame\n" } });
    const text = await Deno.readTextFile(new URL(file, ROOT));
    const { plan, diagnostics } = await compile(text, file, {
      ...around,
      fileExists: (path) => Deno.stat(path).then(() => true, () => false),
    });
    const hasErrors = diagnostics.some(({ severity }) => severity === "error");
    assert.equal(plan === undefined, hasErrors);
    const rendered = renderDiagnostics(diagnostics).replaceAll(decodeURIComponent(ROOT.pathname), "/sluice/");
    const golden = new URL(`${FOLDER}/${name}.expected`, ROOT);
    if (Deno.env.get("SLUICE_UPDATE_GOLDEN")) await Deno.writeTextFile(golden, rendered);
    assert.equal(rendered, await Deno.readTextFile(golden));
    assert.doesNotMatch(rendered, /hidden|secret@/);
  });
}
