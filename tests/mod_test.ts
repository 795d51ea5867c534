import assert from "node:assert/strict";

Deno.test("example of the module runs as it is written", async () => {
  // Without type check: the example's test imports the whole module, and unused imports are errors here.
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--doc", "--no-check", "mod.ts"],
    cwd: new URL("../", import.meta.url),
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  assert.match(said, /1 passed/);
});
