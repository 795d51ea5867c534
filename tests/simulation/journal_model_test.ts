import { simulate } from "./simulate.ts";

const DEFAULT_STEPS = 20_000;
const RUN_STEPS = 2000;

/** One run of a seed that is asked for; otherwise several, always the same ones. */
function runs(): { seed: number; steps: number }[] {
  const seed = Deno.env.get("SIMULATION_SEED");
  const steps = Number(Deno.env.get("SIMULATION_STEPS") ?? DEFAULT_STEPS);
  if (seed !== undefined) return [{ seed: Number(seed), steps: Math.min(steps, RUN_STEPS) }];
  return Array.from({ length: Math.ceil(steps / RUN_STEPS) }, (_, index) => ({
    seed: index + 1,
    steps: Math.min(RUN_STEPS, steps - index * RUN_STEPS),
  }));
}

for (const { seed, steps } of runs()) {
  Deno.test(`journal behaves as a plain queue through ${steps} random steps of seed ${seed}`, async () => {
    await simulate(seed, steps);
  });
}
