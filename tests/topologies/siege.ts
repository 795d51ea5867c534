import { until } from "../support/until.ts";
import type { Random } from "../simulation/random.ts";
import type { Estate } from "./estate.ts";
import type { Proxy } from "./proxy.ts";

/** Faults of the sender, the receiver and the line between them, and how often each comes. */
const FAULTS = {
  "kill the sender": 20,
  "kill the receiver": 25,
  "kill both": 8,
  "kill the sender as it starts": 6,
  "kill the receiver as it starts": 6,
  "lose an answer": 20,
  "cut a request": 15,
  "cut the line": 5,
  "lose an answer and kill the receiver": 12,
  "lose an answer and kill the sender": 12,
  "stop the receiver": 8,
  "stop the sender": 5,
} as const;
type Fault = keyof typeof FAULTS;

const LONGEST_WORK_MS = 900;
const LONGEST_START_MS = 500;
const CUT_LIMIT_MS = 10_000;
const LARGEST_REQUEST_BYTES = 60_000;

/** Two agents, "sender" and "receiver", and the proxy between them. */
export interface Siege {
  readonly estate: Estate;
  readonly proxy: Proxy;
  readonly random: Random;
}

/** Lets faults happen one after the other, at moments of chance; gives how often each did. */
export async function besiegeBoth(siege: Siege, rounds: number): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    await pause(siege.random.below(LONGEST_WORK_MS));
    const fault = siege.random.weighted(FAULTS) as Fault;
    counts[fault] = (counts[fault] ?? 0) + 1;
    await befall(fault, siege);
  }
  return counts;
}

async function befall(fault: Fault, { estate, proxy, random }: Siege): Promise<void> {
  if (fault === "cut the line") proxy.cutAll();
  if (fault === "cut a request") proxy.cutRequestAfter(random.below(LARGEST_REQUEST_BYTES));
  if (fault.startsWith("lose an answer")) proxy.loseNextAnswer();
  if (/^(lose an answer|cut a request)/.test(fault)) {
    const { cuts } = proxy;
    await until(fault, () => proxy.cuts > cuts, CUT_LIMIT_MS);
  }
  const names = ["sender", "receiver"].filter((name) =>
    fault.includes(`the ${name}`) || fault === "kill both"
  );
  for (const name of names) await end(estate, name, fault.startsWith("stop"));
  await pause(random.below(LONGEST_WORK_MS / 3));
  if (fault.endsWith("as it starts")) {
    await estate.launch(names[0]!);
    await pause(random.below(LONGEST_START_MS));
    await estate.agent(names[0]!).kill();
  }
  await estate.start(...names);
}

async function end(estate: Estate, name: string, isInOrder: boolean): Promise<void> {
  const agent = estate.agent(name);
  if (agent.hasEnded) throw new Error(`The ${name} has ended by itself; ${agent.lastWords}`);
  if (!isInOrder) return await agent.kill();
  const code = await agent.stop();
  if (code !== 0) throw new Error(`The ${name} ended with ${code}; ${agent.lastWords}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
