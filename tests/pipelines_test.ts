import assert from "node:assert/strict";
import { compile } from "../compiler/compile.ts";
import { listFiles, matches, parseExpected, updateExpected } from "./support/expected.ts";
import { ROOT, runPipeline } from "./support/run_pipeline.ts";
import { denoSurroundings } from "../commands/_surroundings.ts";
import { renderDiagnostics } from "../compiler/diagnostics.ts";

const UPDATES = Deno.env.get("UPDATE_EXPECTED") !== undefined;
const PIPELINES = listFiles(`${ROOT}pipelines`).filter((path) => path.endsWith(".yaml"));

for (const name of PIPELINES) {
  const file = `pipelines/${name}`;

  Deno.test(`${file} has no errors`, async () => {
    const text = await Deno.readTextFile(ROOT + file);
    const { plan, diagnostics } = await compile(text, file, denoSurroundings(undefined, "state"));
    assert.ok(plan, renderDiagnostics(diagnostics));
  });

  const path = `${ROOT}${file.replace(/\.yaml$/, ".expected")}`;
  const text = Deno.readTextFileSync(path);
  const expected = parseExpected(text);
  // These have tests of their own.
  if (expected.needs !== undefined) continue;

  Deno.test(`${file} gives what its .expected file says`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const { code, stderr, outputs } = await runPipeline({ pipeline: file, expected, folder });
      assert.equal(code, 0, stderr);
      if (UPDATES) await updateExpected(path, text, outputs);
      for (const [at, { pattern, text }] of expected.outputs.entries()) {
        assert.equal(outputs[at], text, pattern);
      }
      assert.ok(outputs.some((output) => output !== ""), "nothing came out");
      const files = listFiles(folder).filter((path) => path.startsWith("out/"));
      const strays = files.filter((path) => !expected.outputs.some(({ pattern }) => matches(pattern, path)));
      assert.deepEqual(strays, [], "files that no section speaks of");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
