import { Random } from "../simulation/random.ts";

/** TRIAL_SEED repeats the moments of the faults and what is written; the operating system's own moments it cannot. */
export const SEED: number = Number(Deno.env.get("TRIAL_SEED") ?? Math.floor(Math.random() * 2 ** 32));

/** Faults in each trial: few in the ordinary tests, TRIAL_ROUNDS in long runs. */
export const ROUNDS: number = Number(Deno.env.get("TRIAL_ROUNDS") ?? 3);

/** Randomness of one part of a trial, so that parts that run at the same time do not disturb each other. */
export function randomFor(part: string): Random {
  let seed = SEED;
  for (const char of part) seed = Math.imul(seed ^ char.charCodeAt(0), 0x01000193);
  return new Random(seed >>> 0);
}
