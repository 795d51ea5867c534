import assert from "node:assert/strict";
import { COMMAND_ALIASES, COMMAND_NAMES, loadCommand, loadCommands } from "../../commands/_registry.ts";
import { commandHelp, programHelp } from "../../commands/_help.ts";
import { VERSION } from "../../commands/_version.ts";
import config from "../../deno.json" with { type: "json" };
import { folderWith, sluice } from "./_program.ts";

const GOLDEN = new URL("../golden/help/", import.meta.url);

/** Help texts are golden files; SLUICE_GOLDEN=write writes them anew. */
async function assertGolden(name: string, text: string): Promise<void> {
  const file = new URL(`${name}.txt`, GOLDEN);
  if (Deno.env.get("SLUICE_GOLDEN") === "write") return await Deno.writeTextFile(file, text);
  assert.equal(
    text,
    await Deno.readTextFile(file),
    `tests/golden/help/${name}.txt differs; look, then SLUICE_GOLDEN=write`,
  );
}

Deno.test("help of the program and of each command is what was reviewed", async () => {
  const commands = await loadCommands();
  await assertGolden("sluice", programHelp(commands));
  for (const command of commands) await assertGolden(command.name, commandHelp(command));
});

Deno.test("commands are called as the registry calls them, and know their aliases", async () => {
  const commands = await loadCommands();
  assert.deepEqual(commands.map(({ name }) => name), COMMAND_NAMES);
  assert.deepEqual(commands.flatMap(({ aliases = [] }) => aliases), COMMAND_ALIASES);
  for (const { name, aliases = [] } of commands) {
    for (const alias of aliases) assert.equal((await loadCommand(alias))?.name, name);
  }
});

Deno.test("help stays within the width of a terminal and ends each line with its text", async () => {
  for (const command of await loadCommands()) {
    for (const line of commandHelp(command).split("\n")) {
      assert.ok(line.length <= 100, `${command.name}: ${line}`);
      assert.equal(line, line.trimEnd());
    }
  }
});

Deno.test("version is that of deno.json", async () => {
  assert.equal(VERSION, config.version);
  const { code, stdout } = await sluice(["--version"]);
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`^sluice ${VERSION} \\(Deno ${Deno.version.deno}`));
});

const USAGE_FAULTS: readonly { readonly args: readonly string[]; readonly says: string }[] = [
  {
    args: ["valdate"],
    says: 'error: There is no command "valdate"\n  fix: did you mean "validate"? All commands: sluice help\n',
  },
  {
    args: ["run", "--sandbx", "p.yaml"],
    says: 'error: run has no option --sandbx\n  fix: did you mean "--sandbox"?',
  },
  {
    args: ["run", "p.yaml", "--log-level", "loud"],
    says: 'error: --log-level cannot be "loud"\n  fix: write one of debug, info',
  },
  {
    args: ["run"],
    says: "error: run needs a pipeline file\n  fix: write: sluice run pipelines/quickstart.yaml\n",
  },
  { args: ["run", "a.yaml", "b.yaml"], says: 'error: run cannot use "b.yaml"\n  fix: write: sluice run' },
  { args: ["send", "access.log"], says: "error: send needs a target\n  fix: write --to http://host:port/" },
  { args: ["send", "--to", "ftp://example.org/"], says: 'error: --to cannot be "ftp://example.org/"' },
  {
    args: ["send", "--to", "http://[::1]:1/", "--timeout", "soon"],
    says: 'error: --timeout cannot be "soon"',
  },
  { args: ["bench", "--runs", "0"], says: 'error: --runs cannot be "0"\n  fix: write a whole number' },
  { args: ["plugins", "lst"], says: 'error: There is no "plugins lst"' },
  {
    args: ["completions", "tcsh"],
    says: 'error: There are no completions for "tcsh"\n  fix: write bash, zsh or fish\n',
  },
];

Deno.test("command line that is wrong ends with 2 and says how to write it", async () => {
  for (const { args, says } of USAGE_FAULTS) {
    const { code, stdout, stderr } = await sluice(args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.ok(stderr.includes(says), `${args.join(" ")} says: ${stderr}`);
  }
});

Deno.test("--help of a command shows its help and does nothing else", async () => {
  const { code, stdout, stderr } = await sluice(["run", "nothing.yaml", "--help"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout, commandHelp((await loadCommand("run"))!));
});

Deno.test("first argument that is a file without a dot in its name is run", async () => {
  await using folder = await folderWith({ copy: "source: { type: stdin }\nsink: { type: stdout }\n" });
  const { code, stdout } = await sluice(["copy"], { cwd: folder.path, stdin: "GET /größe HTTP/1.1\n" });
  assert.deepEqual([code, stdout], [0, "GET /größe HTTP/1.1\n"]);
});

Deno.test("help that nobody reads to its end does not fail", async () => {
  const command = new Deno.Command("sh", {
    args: ["-c", `"$1" run -A cli.ts plugins list | head -n 1`, "sh", Deno.execPath()],
    cwd: new URL("../../", import.meta.url),
    stderr: "piped",
  });
  const { stderr } = await command.output();
  assert.equal(new TextDecoder().decode(stderr), "");
});
