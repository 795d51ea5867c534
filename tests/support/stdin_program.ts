// Run by the tests of the stdin source: one JSON array of bodies on standard output for each batch.
import line from "../../plugins/codecs/line.ts";
import stdin from "../../plugins/sources/stdin.ts";
import { codecChoice, runSource } from "./run_source.ts";

const run = runSource(stdin, { decoder: codecChoice(line, { maxLineLength: 10_000_000 }) });
run.answer = (batch) => {
  const bodies = Array.from({ length: batch.size }, (_, index) => batch.text(index));
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(bodies) + "\n"));
};
await run.ended;
