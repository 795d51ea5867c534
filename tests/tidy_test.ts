import assert from "node:assert/strict";
import type { AnyPlugin } from "sluice/plugin";
import { MANIFEST } from "../plugins/manifest.ts";
import { ROOT } from "./support/run_pipeline.ts";
import { projectFiles, projectText, reachable } from "./support/tree.ts";

const CONFIG = JSON.parse(projectText("deno.json")) as { version: string; imports: Record<string, string> };
const FILES = projectFiles();
const CODE = FILES.filter((path) => path.endsWith(".ts"));
const TEXTS = FILES.filter((path) =>
  /\.(ts|md|yaml|json|expected)$|^(Dockerfile|\.ci\/run|\.gitignore)$/.test(path)
);
const MAX_LINES = 300;

/** Asserts that no file has a fault, and names those that do. */
function assertNone(
  files: readonly string[],
  faultOf: (path: string, text: string) => string | undefined,
): void {
  const faults = files.flatMap((path) => {
    const fault = faultOf(path, projectText(path));
    return fault === undefined ? [] : [`${path}: ${fault}`];
  });
  assert.deepEqual(faults, []);
}

async function run(...args: string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env: { NO_COLOR: "1" } });
  const { code, stdout, stderr } = await command.output();
  assert.equal(code, 0, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
}

Deno.test("plugin manifest is up to date", () => run("run", "-A", "tools/gen_manifest.ts", "--check"));
Deno.test("reference pages are up to date", () => run("run", "-A", "tools/gen_reference.ts", "--check"));
Deno.test("code keeps the house rules of the lint plugin", () => run("lint", "--quiet"));

Deno.test("plugin files hold one definition, of the kind and name that their path says", async () => {
  const files = CODE.filter((path) => /^plugins\/[a-z]\w*\/[a-z]\w*\.ts$/.test(path));
  assertNone(files, (_path, text) => {
    const exports = text.match(/^export .*$/gm) ?? [];
    return exports.length === 1 && exports[0]!.startsWith("export default define")
      ? undefined
      : exports.join(" · ");
  });
  const known: string[] = [];
  for (const [kind, entries] of Object.entries(MANIFEST)) {
    for (const [name, { load }] of Object.entries(entries)) {
      const plugin = (await load() as { default: AnyPlugin }).default;
      assert.deepEqual([plugin.kind, plugin.name], [kind, name]);
      known.push(`plugins/${kind}s/${name}.ts`);
    }
  }
  assert.deepEqual(known.sort(), files);
});

Deno.test("plugins have a summary in one sentence, an example, and a description for each field", async () => {
  const faults: string[] = [];
  for (const [kind, entries] of Object.entries(MANIFEST)) {
    for (const [name, { load }] of Object.entries(entries)) {
      const { summary, examples, config } = (await load() as { default: AnyPlugin }).default;
      if (!/^[A-Z].*\.$/s.test(summary)) faults.push(`${kind} ${name}: summary "${summary}"`);
      if (examples.length === 0) faults.push(`${kind} ${name}: no example`);
      for (const [key, field] of Object.entries(config as Record<string, { description?: string }>)) {
        if (!field.description) faults.push(`${kind} ${name}: field ${key} has no description`);
      }
    }
  }
  assert.deepEqual(faults, []);
});

Deno.test("every file of code is used by the program, a test or a tool", () => {
  // Commands are loaded by name; the tests of the help tell that the list of them is right.
  const isRoot = (path: string) => /^(cli|mod)\.ts$|^(tools|commands)\/[a-z]\w*\.ts$|_test\.ts$/.test(path);
  const used = reachable(CODE.filter(isRoot), CONFIG.imports);
  const pipelines = FILES.filter((path) => path.endsWith(".yaml"));
  const texts = [...used, ...pipelines].map(projectText);
  // What is loaded by a path that is put together, or that stands in a pipeline, is at least named.
  const isNamed = (path: string) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return texts.some((text) => text.includes(name) || text.includes(`"${name.slice(0, -".ts".length)}"`));
  };
  assert.deepEqual(CODE.filter((path) => !used.has(path) && !isNamed(path)), []);
});

Deno.test("tools are named by a task, a test or another tool", () => {
  const callers = CODE.filter((path) => /^(tests|tools)\//.test(path)).map((path) =>
    [path, projectText(path)] as const
  );
  const tools = CODE.filter((path) => /^tools\/\w+\.ts$/.test(path));
  assert.deepEqual(
    tools.filter((path) => {
      const name = path.slice("tools/".length);
      const isCalled = callers.some(([caller, text]) => caller !== path && text.includes(`/${name}"`));
      return !isCalled && !projectText("deno.json").includes(path);
    }),
    [],
  );
});

Deno.test("files have 300 lines at most", () => {
  assertNone(CODE.filter((path) => path !== "plugins/manifest.ts"), (_path, text) => {
    const lines = text.split("\n").length - 1;
    return lines > MAX_LINES ? `${lines} lines` : undefined;
  });
});

Deno.test("no file names a folder of the machine it was written on", () => {
  const folder = new RegExp(`(^|[^A-Za-z.])/(${["wor", "roo", "far"].join("[a-z]|")}[a-z])/`, "m");
  assertNone(TEXTS, (_path, text) => folder.exec(text)?.[0]);
});

Deno.test("no file holds words of unfinished work", () => {
  const words = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|")})\\b`);
  assertNone(TEXTS.filter((path) => !path.endsWith(".expected")), (_path, text) => words.exec(text)?.[0]);
});

Deno.test("versions and outside names stand only in deno.json", () => {
  const specifier = /\b(?:from|import)\s*\(?\s*"((?:npm|jsr|https?):[^"]+)"/;
  assertNone(CODE.filter((path) => !path.startsWith("tests/")), (_path, text) => specifier.exec(text)?.[1]);
});

Deno.test("README tells the version, and every package, that deno.json has", () => {
  const readme = projectText("README.md");
  assert.match(readme, new RegExp(`Version ${CONFIG.version.replaceAll(".", "\\.")}\\.`));
  const packages = Object.values(CONFIG.imports).flatMap((target) => /^npm:(.+)@/.exec(target)?.[1] ?? []);
  const rows = Array.from(readme.matchAll(/^\| `((?!deno |docker )[^`]+)` +\|/gm), ([, name]) => name!);
  assert.deepEqual(packages.filter((name) => !rows.includes(name)), []);
  assert.deepEqual(rows.filter((name) => !packages.includes(name)), []);
});

Deno.test("README, Dockerfile and .ci/run name one version of Deno", () => {
  const named = ["README.md", "Dockerfile", ".ci/run", "docs/guide/first-pipeline.md"].flatMap((path) =>
    Array.from(projectText(path).matchAll(/\bdeno[@:](\d[\w.-]*)/g), ([, version]) => version!)
  );
  assert.equal(new Set(named).size, 1, named.join(", "));
});

Deno.test("every pipeline has its .expected file and its row in pipelines/README.md", () => {
  const names = (end: string) =>
    FILES.filter((path) => /^pipelines\/[^/]+$/.test(path) && path.endsWith(end)).map((path) =>
      path.slice(0, -end.length)
    );
  assert.deepEqual(names(".expected"), names(".yaml"));
  const readme = projectText("pipelines/README.md");
  assert.deepEqual(names(".yaml").filter((path) => !readme.includes(`\`${path.slice(10)}.yaml\``)), []);
});

/** What a machine may lack: the base of a compiled program, the right to mount a file system. */
const MAY_BE_IGNORED = [
  "tests/compile_test.ts",
  "tests/plugins/sinks/_hdfs/stores/local_store_test.ts",
  "tests/trials/full_disk_test.ts",
  "tests/trials/full_disk_kills_test.ts",
];

Deno.test("only tests of what a machine may lack may be ignored, and no test runs alone", () => {
  const words = new RegExp(
    `\\b(${["ignore: ", "only: true"].join("|")})|Deno\\.test\\.(${["ignore", "only"].join("|")})\\b`,
  );
  const files = CODE.filter((path) => /_test\.ts$/.test(path) && !MAY_BE_IGNORED.includes(path));
  assertNone(files.filter((path) => path !== "tests/tidy_test.ts"), (_path, text) => words.exec(text)?.[0]);
});
