import assert from "node:assert/strict";
import { denoSurroundings } from "../../commands/_surroundings.ts";
import { compile } from "../../compiler/compile.ts";
import { renderDiagnostics } from "../../compiler/diagnostics.ts";

const FOLDER = "tests/data/flume/confs/";
const GOLDEN = "tests/golden/confs/";
const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
/** What a file is not to blame for: parts that are to come, classes of its user's. */
const EXCUSED = ["not-built", "unknown-class"];
const names = Array.from(Deno.readDirSync(ROOT + FOLDER), ({ name }) => name)
  .filter((name) => name.endsWith(".conf")).sort();

// With SLUICE_UPDATE_GOLDEN set, the expected files are written instead of compared.
for (const name of names) {
  Deno.test(`${name} is read as it is, with the expected findings`, async () => {
    const text = await Deno.readTextFile(ROOT + FOLDER + name);
    const { plan, diagnostics } = await compile(text, FOLDER + name, denoSurroundings(undefined, "state"));
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    assert.deepEqual(errors.filter(({ code }) => !EXCUSED.includes(code)), []);
    assert.equal(plan === undefined, errors.length > 0);
    const golden = `${ROOT}${GOLDEN}${name.replace(/conf$/, "expected")}`;
    const rendered = renderDiagnostics(diagnostics);
    if (Deno.env.get("SLUICE_UPDATE_GOLDEN")) await Deno.writeTextFile(golden, rendered);
    assert.equal(rendered, await Deno.readTextFile(golden));
  });
}

Deno.test("all fifteen Flume files are there", () => assert.equal(names.length, 15));
