import assert from "node:assert/strict";
import { denoSurroundings } from "../commands/_surroundings.ts";
import type { AnyPlugin } from "sluice/plugin";
import { compile } from "../compiler/compile.ts";
import { renderDiagnostics } from "../compiler/diagnostics.ts";
import { MANIFEST } from "../plugins/manifest.ts";
import { ROOT } from "./support/run_pipeline.ts";

/** A block of code of a page. */
interface CodeBlock {
  readonly language: string;
  readonly text: string;
  /** Line of the page on which the text begins. */
  readonly line: number;
}

const GUIDES = Array.from(Deno.readDirSync(`${ROOT}docs/guide`), ({ name }) => `docs/guide/${name}`).sort();
const PAGES = ["README.md", "pipelines/README.md", "tests/data/README.md", ...GUIDES];

/** Languages of pipelines, and how their files end. */
const ENDS: Readonly<Record<string, string>> = { yaml: "yaml", properties: "conf" };

function codeBlocks(page: string): CodeBlock[] {
  const blocks = page.matchAll(/^```(\w+)[^\n]*\n([\s\S]*?)^```$/gm);
  return Array.from(blocks, ({ 1: language = "", 2: text = "", index }) => ({
    language,
    text,
    line: page.slice(0, index).split("\n").length + 1,
  }));
}

/** Writes blocks that begin with a comment of their file's name, so that pipelines of the page can name them. */
async function writePlugins(blocks: readonly CodeBlock[], folder: string): Promise<void> {
  for (const { language, text } of blocks) {
    const name = /^\/\/ (\w+\.ts)\n/.exec(text)?.[1];
    if (language === "ts" && name !== undefined) await Deno.writeTextFile(`${folder}/${name}`, text);
  }
}

for (const page of PAGES) {
  Deno.test(`pipelines in ${page} compile`, async () => {
    const blocks = codeBlocks(await Deno.readTextFile(ROOT + page));
    const folder = await Deno.makeTempDir();
    try {
      await writePlugins(blocks, folder);
      for (const { text, line, language } of blocks.filter(({ language }) => language in ENDS)) {
        const { plan, diagnostics } = await compile(
          text,
          `${folder}/page.${ENDS[language]}`,
          denoSurroundings(undefined, folder),
        );
        assert.ok(plan, `the pipeline at line ${line}:\n${renderDiagnostics(diagnostics)}`);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  Deno.test(`links in ${page} lead to files`, async () => {
    const text = await Deno.readTextFile(ROOT + page);
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      const url = new URL(target, new URL(page, `file://${ROOT}`));
      assert.ok(await Deno.stat(url).then(() => true, () => false), `${page} links to ${target}`);
    }
  });
}

Deno.test("examples of plugins compile", async () => {
  const loaders = Object.values(MANIFEST).flatMap((entries) => Object.values(entries));
  for (const { load } of loaders) {
    const { kind, name, examples } = (await load() as { default: AnyPlugin }).default;
    for (const { title, yaml } of examples) {
      // What stands alone as a part of a pipeline is tried where the plugin is.
      if (!/^sources?:/m.test(yaml) || !/^sinks?:/m.test(yaml)) continue;
      const { plan, diagnostics } = await compile(
        yaml,
        "/example.yaml",
        denoSurroundings(undefined, "/none"),
      );
      assert.ok(plan, `${kind} ${name}, "${title}":\n${renderDiagnostics(diagnostics)}`);
    }
  }
});

Deno.test("TypeScript in the guide passes the type check", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["check", "--doc-only", ...GUIDES],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  });
  const { code, stderr } = await command.output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
});

Deno.test("delivery guide says what every source, channel and sink promises, and names trials that exist", async () => {
  const page = await Deno.readTextFile(`${ROOT}docs/guide/delivery.md`);
  const named = new Set(Array.from(page.matchAll(/`([\w/.]+)`/g), ([, name]) => name!));
  for (const kind of ["source", "channel", "sink"] as const) {
    for (const name of Object.keys(MANIFEST[kind])) {
      assert.ok(named.has(name), `${kind} "${name}" is not named`);
    }
  }
  const trials = [...named].filter((name) => name.endsWith("_test.ts"));
  assert.ok(trials.length > 0);
  for (const name of trials) assert.ok(Deno.statSync(`${ROOT}tests/${name}`).isFile);
});
