import assert from "node:assert/strict";
import { PLUGIN_KINDS } from "../../core/plugin.ts";
import { folderWith, sluice } from "./_program.ts";

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

Deno.test("plugins list names each plugin with its kind and what it is for", async () => {
  const all = await sluice(["plugins", "list"]);
  assert.equal(all.code, 0);
  assert.match(all.stdout, /^source +netcat +Listens on a TCP port/m);
  assert.match(all.stdout, /^sink +file_roll +Writes events to local files/m);
  const sinks = await sluice(["plugins", "list", "sinks"]);
  assert.ok(sinks.stdout.trim().split("\n").every((line) => line.startsWith("sink ")));
});

Deno.test("plugins show tells all fields with defaults, also by Flume's class name", async () => {
  const { code, stdout } = await sluice(["plugins", "show", "sink", "org.apache.flume.sink.RollingFileSink"]);
  assert.equal(code, 0);
  assert.match(stdout, /^file_roll \(sink\): Writes events/);
  assert.match(stdout, /^ {2}sink\.directory: path, required, also directory\n {6}Folder to write to/m);
  assert.match(stdout, /^ {2}sink\.rollInterval: duration \(s\), default 30/m);
  const page = await sluice(["plugins", "show", "sink", "file_roll", "--markdown"]);
  assert.match(page.stdout, /^# file_roll \(sink\)\n/);
});

Deno.test("plugins show says what was probably meant", async () => {
  const { code, stderr } = await sluice(["plugins", "show", "sink", "fileroll"]);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: There is no sink "fileroll"\n {2}fix: did you mean "file_roll"\? All names: sluice plugins list sink/,
  );
  assert.match(
    (await sluice(["plugins", "list", "snik"])).stderr,
    /There is no kind "snik"\n {2}fix: did you mean "sink"\?/,
  );
});

Deno.test("plugins new writes a plugin of each kind whose types, format and test are right at once", async () => {
  await using folder = await folderWith({});
  for (const kind of PLUGIN_KINDS) {
    const { code, stdout, stderr } = await sluice(["plugins", "new", kind, `my_${kind}`], {
      cwd: folder.path,
    });
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      new RegExp(
        `Written: \\./my_${kind}\\.ts\nWritten: \\./my_${kind}_test\\.ts\nTest: deno test -A --config `,
      ),
    );
  }
  const test = new Deno.Command(Deno.execPath(), { args: ["test", "-A", "--config", CONFIG, folder.path] });
  const { code, stdout, stderr } = await test.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  assert.ok(said.includes(`${PLUGIN_KINDS.length} passed`), said);
  const format = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--check", "--config", CONFIG, folder.path],
  });
  const checked = await format.output();
  assert.equal(checked.code, 0, new TextDecoder().decode(checked.stderr));
});

Deno.test("plugins new writes code that a pipeline runs", async () => {
  const text =
    "source: { type: stdin }\ninterceptors: [{ type: ./mark.ts }]\nsink: { type: ./keep.ts, file: kept.log }\n";
  await using folder = await folderWith({ "marked.yaml": text });
  await sluice(["plugins", "new", "interceptor", "mark"], { cwd: folder.path });
  await sluice(["plugins", "new", "sink", "keep", "--dir", folder.path]);
  const { code, stderr } = await sluice(["marked.yaml"], { cwd: folder.path, stdin: "GET /größe\n" });
  assert.equal(code, 0, stderr);
  assert.equal(await Deno.readTextFile(`${folder.path}/kept.log`), "GET /größe\n");
});

Deno.test("plugins new overwrites nothing, and refuses names that no file should have", async () => {
  await using folder = await folderWith({ "mine.ts": "// Kept.\n" });
  const taken = await sluice(["plugins", "new", "sink", "mine"], { cwd: folder.path });
  assert.equal(taken.code, 3);
  assert.match(taken.stderr, /Cannot write "\.\/mine\.ts": .*\n {2}fix: choose another name/);
  assert.equal(await Deno.readTextFile(`${folder.path}/mine.ts`), "// Kept.\n");
  for (const name of ["../evil", "Mine", "a b", ""]) {
    assert.equal((await sluice(["plugins", "new", "sink", name], { cwd: folder.path })).code, 2, name);
  }
});
