import assert from "node:assert/strict";
import { loadCommands } from "../../commands/_registry.ts";
import { COMPLETION_SCRIPTS } from "../../commands/_completion_scripts.ts";
import { folderWith } from "./_program.ts";

/** Asks bash for the completions of a command line; the last word is the one under the cursor. */
async function completeInBash(...words: string[]): Promise<string[]> {
  const script = COMPLETION_SCRIPTS["bash"]!(await loadCommands());
  const list = words.map((word) => `'${word}'`).join(" ");
  const asking = `COMP_WORDS=(${list}); COMP_CWORD=${
    words.length - 1
  }; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
  await using folder = await folderWith({});
  const command = new Deno.Command("bash", { args: ["-c", `${script}\n${asking}`], cwd: folder.path });
  const { stdout, stderr } = await command.output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).split("\n").filter((word) => word !== "");
}

Deno.test("bash completes commands, options, words of an option and words of a command", async () => {
  assert.deepEqual(await completeInBash("sluice", "pl"), ["plan", "plugins"]);
  assert.deepEqual(await completeInBash("sluice", "run", "--sh"), ["--shutdown-timeout"]);
  assert.deepEqual(await completeInBash("sluice", "lint", "--js"), ["--json"]);
  assert.deepEqual(await completeInBash("sluice", "run", "--log-format", ""), ["text", "json"]);
  assert.deepEqual(await completeInBash("sluice", "completions", "f"), ["fish"]);
});

Deno.test("scripts name every command and every option", async () => {
  const commands = await loadCommands();
  for (const [shell, script] of Object.entries(COMPLETION_SCRIPTS)) {
    const text = script(commands);
    for (const { name, options } of commands) {
      assert.ok(text.includes(name), `${shell}: ${name}`);
      for (const option of Object.keys(options)) {
        assert.ok(text.includes(option), `${shell}: ${name} --${option}`);
      }
    }
    assert.ok(text.endsWith("\n"));
  }
});
