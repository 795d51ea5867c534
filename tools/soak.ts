/**
 * Runs the simulated disk against the journal for a long time: `deno task soak`. Each run has a seed of its own;
 * SIMULATION_SEED is the first of them, SIMULATION_STEPS the number of steps in all.
 * @module
 */
import { RunFigures } from "../tests/simulation/run_figures.ts";
import { simulate } from "../tests/simulation/simulate.ts";

const RUN_STEPS = 2000;
const PROGRESS_RUNS = 25;
const steps = Number(Deno.env.get("SIMULATION_STEPS") ?? 1_000_000);
const firstSeed = Number(Deno.env.get("SIMULATION_SEED") ?? 1);

const figures = new RunFigures();
const startMs = performance.now();
for (let seed = firstSeed; figures.steps < steps; seed++) {
  figures.add(await simulate(seed, Math.min(RUN_STEPS, steps - figures.steps)));
  const runs = seed - firstSeed + 1;
  if (runs % PROGRESS_RUNS === 0) console.error(`${runs} runs: ${figures}`);
}
const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
console.log(`Seeds from ${firstSeed}, ${seconds} s: ${figures}`);
