import assert from "node:assert/strict";
import type { Random } from "../../simulation/random.ts";
import { Bodies } from "../bodies.ts";
import { Feeding } from "../feed.ts";
import { assertExact, untilArrived } from "../kafka/arrival.ts";
import { Crew } from "../kafka/crew.ts";
import { outputBytes } from "../output.ts";
import { randomFor, SEED } from "../settings.ts";
import { SpoolFeed } from "../spool_feed.ts";
import { inFolder } from "../trial_folder.ts";
import { Gauge } from "./gauge.ts";
import type { Look } from "./look.ts";
import { FILE, KIND, SPOOL } from "./pipelines.ts";
import { Watch } from "./watch.ts";

const UNDER_WAY_BYTES = 32 * 1024 * 1024;
const LONGEST_MS = 1500;
/** HDFS holds a file that grows by appends for a minute for a writer that was lost, and then some time for the next one. */
const ARRIVAL_LIMIT_MS = 240_000;

/** What is done to a target, in rounds, while an agent writes to it. */
export interface HdfsSiege {
  readonly name: string;
  readonly look: Look;
  readonly sink: string;
  readonly rounds: number;
  trouble(stage: SiegeStage): Promise<void>;
}

/** What trouble is made with. */
export interface SiegeStage {
  readonly random: Random;
  readonly watch: Watch;
  /** Ends the agent as a power cut does. */
  killAgent(): Promise<void>;
  startAgent(): void;
}

/** Feeds an agent all along, and judges in the end what a reader has seen. */
export async function besiegeHdfs({ name, look, sink, rounds, trouble }: HdfsSiege): Promise<void> {
  await inFolder(name, async (folder) => {
    await using watch = new Watch(look, `${folder}/copy`);
    await using crew = new Crew(folder);
    crew.add("writer", `source: { ${SPOOL} }\ninterceptors: [${KIND}]\nchannel: ${FILE}\nsink: ${sink}\n`);
    const random = randomFor(name);
    const feed = new SpoolFeed(`${folder}/writer`, { bodies: new Bodies(), random });
    const arrivedBytes = () => outputBytes(watch.copy);
    const feeding = new Feeding(feed, { maxUnderWayBytes: UNDER_WAY_BYTES, arrivedBytes });
    crew.start("writer");
    using gauge = new Gauge(() => crew.agent("writer"));
    let kills = 0;
    const killAgent = () => (kills++, crew.kill("writer"));
    const stage: SiegeStage = { random, watch, killAgent, startAgent: () => void crew.start("writer") };
    for (let round = 0; round < rounds; round++) {
      await pause(random);
      await trouble(stage);
    }
    await feeding.stop();
    const startMs = performance.now();
    const says = () => crew.lastWords("writer");
    const verdict = await untilArrived({
      outputs: [watch.copy],
      written: feed.written,
      says,
      limitMs: ARRIVAL_LIMIT_MS,
    });
    const calmMs = Math.round(performance.now() - startMs);
    await crew.stop("writer");
    await watch.finish();
    const seen = { files: watch.size, looks: watch.looks, blindLooks: watch.blindLooks };
    const rssMiB = Math.round(gauge.rssBytes / 1024 / 1024);
    console.log(
      JSON.stringify({ trial: name, seed: SEED, rounds, kills, ...verdict, ...seen, calmMs, rssMiB }),
    );
    assert.deepEqual(watch.faults, []);
    assertExact(verdict, true);
  });
}

/** Waits a moment of chance. */
export function pause(random: Random): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random.below(LONGEST_MS)));
}
