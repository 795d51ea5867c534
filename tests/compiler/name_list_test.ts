import assert from "node:assert/strict";
import { compile } from "../../compiler/compile.ts";
import { renderDiagnostics } from "../../compiler/diagnostics.ts";
import { nameList } from "../../compiler/name_list.ts";
import { testSurroundings } from "./_around.ts";

const NAMES = Array.from({ length: 75 }, (_, index) => `agent${index}`);

Deno.test("list of names shows ten of them, and how many there are besides", () => {
  assert.equal(nameList(NAMES.slice(0, 2)), "agent0, agent1");
  assert.equal(nameList(NAMES.slice(0, 10)), NAMES.slice(0, 10).join(", "));
  assert.equal(nameList(NAMES.slice(0, 11)), `${NAMES.slice(0, 10).join(", ")} and 1 more`);
});

Deno.test("list of names cuts a name that nobody would write, between characters", () => {
  assert.equal(nameList(["😀".repeat(60)]), "😀".repeat(60));
  assert.equal(nameList(["😀".repeat(5000), "a1"]), `${"😀".repeat(60)}…, a1`);
});

for (const agent of [undefined, "web"]) {
  Deno.test(`file with many agents, ${agent ?? "none"} of them asked for, is complained about in few words`, async () => {
    const text = NAMES.map((name) => `${name}${"x".repeat(500)}.sources = r1\n`).join("");
    const { diagnostics } = await compile(text, "many.conf", {
      ...testSurroundings(),
      ...agent !== undefined && { agent },
    });
    const rendered = renderDiagnostics(diagnostics);
    assert.match(rendered, /Agents: agent0x+…, .* and 65 more\n/);
    assert.ok(rendered.length < 1500, `${rendered.length} characters`);
  });
}
