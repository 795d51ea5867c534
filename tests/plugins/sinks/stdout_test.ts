import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sampleBytes } from "../../support/samples.ts";

const PROGRAM = fileURLToPath(new URL("./stdout_program.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../../deno.json", import.meta.url));

/** Starts a program that writes the access log so many times through the sink. */
function start(times: number, whenClosed: "exit" | "discard"): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", CONFIG, PROGRAM, String(times), whenClosed],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("stdout writes every byte, also through a pipe that is read slowly", async () => {
  const { code, stdout } = await start(40, "exit").output();
  const expected = new TextDecoder().decode(sampleBytes("access.log")).repeat(40);
  assert.equal(code, 0);
  assert.equal(new TextDecoder().decode(stdout), expected);
});

Deno.test("stdout ends the program as other filters end when nobody reads any more", async () => {
  const program = start(2000, "exit");
  await program.stdout.cancel();
  const [{ code }, log] = await Promise.all([program.status, new Response(program.stderr).text()]);
  assert.equal(code, 141);
  assert.match(log, /Nobody reads standard output any more: stopping/);
});

Deno.test("stdout discards events and says so once, when told to go on", async () => {
  const program = start(50, "discard");
  await program.stdout.cancel();
  const [{ code }, log] = await Promise.all([program.status, new Response(program.stderr).text()]);
  assert.equal(code, 0);
  assert.equal(log.split("events are discarded").length, 2);
});
