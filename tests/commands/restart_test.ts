import assert from "node:assert/strict";
import { folderWith, Program, sluice } from "./_program.ts";

Deno.test("run starts itself again for a regular expression that may run away, and is not slowed down by it", async () => {
  const text = `source: { type: stdin }
interceptors: [{ type: regex_filter, regex: "^(a+)+$", excludeEvents: true }]
sink: { type: stdout }
`;
  await using folder = await folderWith({ "runaway.yaml": text });
  const attack = `${"a".repeat(60)}b\n`;
  const { code, stdout, stderr } = await sluice(["runaway.yaml"], {
    cwd: folder.path,
    stdin: `aaaa\n${attack}`,
  });
  assert.deepEqual([code, stdout], [0, attack]);
  assert.equal(stderr.match(/runaway-regex/g)?.length, 1);
});

const CURIOUS = `import { defineInterceptor } from "sluice/plugin";
export default defineInterceptor({
  name: "curious",
  summary: "Looks where it has no business.",
  config: {},
  examples: [],
  create(_config, { log }) {
    try {
      Deno.readTextFileSync("/etc/hosts");
      log.info("Has read it");
    } catch (cause) {
      log.info(\`Was refused: \${(cause as Error).name}\`);
    }
    return { intercept: (batch) => batch };
  },
});
`;

Deno.test("run --sandbox gives a pipeline what it needs and nothing else", async () => {
  const text =
    "source: { type: stdin }\ninterceptors: [{ type: ./curious.ts }, { type: host }]\nsink: { type: file_roll, directory: out }\n";
  await using folder = await folderWith({ "curious.ts": CURIOUS, "curious.yaml": text });
  const free = await sluice(["run", "curious.yaml"], { cwd: folder.path, stdin: "GET /\n" });
  assert.match(free.stderr, /Has read it/);
  const { code, stderr } = await sluice(["run", "--sandbox", "curious.yaml"], {
    cwd: folder.path,
    stdin: "GET /\n",
  });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Was refused: NotCapable/);
  const files = Array.from(
    Deno.readDirSync(`${folder.path}/out`),
    ({ name }) => Deno.readTextFileSync(`${folder.path}/out/${name}`),
  );
  assert.deepEqual(files, ["GET /\n", "GET /\n"]);
});

Deno.test("run --sandbox passes signals on and answers with the exit code", async () => {
  await using folder = await folderWith({
    "web.yaml": "source: { type: http, bind: 127.0.0.1, port: 0 }\nsink: { type: stdout }\n",
  });
  const program = new Program(["run", "--sandbox", "web.yaml"], { cwd: folder.path });
  const port = await program.port();
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "ordered" });
  assert.equal(response.status, 200, await response.text());
  program.child.kill("SIGTERM");
  const { code, stdout } = await program.end();
  assert.deepEqual([code, stdout], [0, "ordered\n"]);
});

Deno.test("permissions are those that the pipeline's settings tell", async () => {
  const text =
    "stateDir: state\nsource: { type: http, bind: 127.0.0.1, port: 8080 }\nsink: { type: file_roll, directory: out }\n";
  await using folder = await folderWith({ "web.yaml": text });
  const { code, stdout } = await sluice(["permissions", "web.yaml"], { cwd: folder.path });
  assert.equal(code, 0);
  assert.deepEqual(stdout.split("\n").filter((flag) => flag.includes("net") || flag.includes("write")), [
    `--allow-write=${folder.path}/state,out`,
    "--allow-net=127.0.0.1:8080",
  ]);
});
