import assert from "node:assert/strict";
import { folderWith, sluice } from "./_program.ts";

const GOOD = "source: { type: stdin }\nsink: { type: stdout }\n";
const BROKEN = `source:
  type: stdn
sink:
  type: stdout
  serialiser: text
`;

Deno.test("validate tells all that is wrong in several files, and ends with 1", async () => {
  await using folder = await folderWith({ "good.yaml": GOOD, "broken.yaml": BROKEN });
  const { code, stdout, stderr } = await sluice(["validate", "good.yaml", "broken.yaml", "missing.yaml"], {
    cwd: folder.path,
  });
  assert.deepEqual([code, stderr], [1, ""]);
  const lines = stdout.split("\n");
  assert.match(lines[0]!, /^broken\.yaml:2:9 error unknown-type: .*"stdn"/);
  assert.match(lines[1]!, /^ {2}fix: did you mean "stdin"\?/);
  assert.match(lines[2]!, /^broken\.yaml:5:3 error unknown-field: .*"serialiser"/);
  assert.equal(lines[4], "missing.yaml:1:1 error unreadable-file: There is no such file");
  assert.equal(lines.at(-2), "3 files checked: 3 errors");
});

Deno.test("validate gives programs a JSON list, under each of its names", async () => {
  await using folder = await folderWith({ "broken.yaml": BROKEN });
  for (const name of ["validate", "lint", "configtest"]) {
    const { code, stdout } = await sluice([name, "--json", "broken.yaml"], { cwd: folder.path });
    assert.equal(code, 1);
    const codes = (JSON.parse(stdout) as { code: string }[]).map(({ code }) => code);
    assert.deepEqual(codes, ["unknown-type", "unknown-field"]);
  }
});

Deno.test("validate ends with 0 for warnings, and with 1 when it is to be strict", async () => {
  const text = "source: { type: stdin }\nchannel: { type: memory }\nsink: { type: stdout }\n";
  await using folder = await folderWith({ "lossy.yaml": text });
  const { code, stdout } = await sluice(["validate", "lossy.yaml"], { cwd: folder.path });
  assert.equal(code, 0);
  assert.match(stdout, /lossy\.yaml:\d+:\d+ warning volatile-channel: /);
  assert.equal((await sluice(["validate", "--strict", "lossy.yaml"], { cwd: folder.path })).code, 1);
});

Deno.test("run of a broken file starts nothing, ends with 1 and writes the findings to standard error", async () => {
  await using folder = await folderWith({ "broken.yaml": BROKEN });
  const { code, stdout, stderr } = await sluice(["run", "broken.yaml"], { cwd: folder.path });
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^broken\.yaml:2:9 error unknown-type: .*\n {2}fix: /);
  const json = await sluice(["run", "--log-format", "json", "broken.yaml"], { cwd: folder.path });
  assert.equal((JSON.parse(json.stderr.split("\n")[0]!) as { code: string }).code, "unknown-type");
});
