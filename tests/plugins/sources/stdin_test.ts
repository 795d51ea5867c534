import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { longLine, sampleBytes } from "../../support/samples.ts";

const PROGRAM = fileURLToPath(new URL("../../support/stdin_program.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../../deno.json", import.meta.url));

/** A program that runs the source on its own standard input and prints a JSON line for each batch. */
function startProgram(): { child: Deno.ChildProcess; batches: () => Promise<string[][]> } {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", CONFIG, PROGRAM],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const batches = async () => {
    const { success, stdout } = await child.output();
    assert.ok(success);
    return new TextDecoder().decode(stdout).trimEnd().split("\n").filter(Boolean).map((line) =>
      JSON.parse(line)
    );
  };
  return { child, batches };
}

async function read(input: Uint8Array): Promise<string[]> {
  const { child, batches } = startProgram();
  const writer = child.stdin.getWriter();
  await writer.write(input);
  await writer.close();
  return (await batches()).flat();
}

Deno.test("stdin emits every line until the end of input, and an unfinished last one", async () => {
  const input = new Uint8Array([...sampleBytes("access.log"), ...sampleBytes("unfinished.txt")]);
  assert.deepEqual(await read(input), new TextDecoder().decode(input).split("\n"));
});

Deno.test("stdin ends at once when there is no input", async () => {
  assert.deepEqual(await read(new Uint8Array(0)), []);
});

Deno.test("stdin keeps lines whole that span many reads", async () => {
  const line = longLine(1 << 20);
  const seen = await read(new Uint8Array([65, 10, ...line, 10, 66, 10]));
  assert.deepEqual(seen.map((text) => text.length), [1, line.length, 1]);
});

Deno.test("stdin emits a line as soon as it is there", async () => {
  const { child } = startProgram();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (const word of ["köln", "bonn"]) {
    await writer.write(new TextEncoder().encode(`${word}\nunfinished `));
    const { value } = await reader.read();
    assert.match(value!, new RegExp(`${word}"\\]\n$`));
  }
  await writer.close();
  assert.equal((await reader.read()).value, '["unfinished "]\n');
  assert.ok((await child.status).success);
  await reader.cancel();
});
