import assert from "node:assert/strict";
import { until } from "../../support/until.ts";
import type { Agent } from "../agent.ts";
import { Bodies } from "../bodies.ts";
import { assertExact, untilArrived } from "../kafka/arrival.ts";
import { Crew } from "../kafka/crew.ts";
import { randomFor, SEED } from "../settings.ts";
import { SpoolFeed } from "../spool_feed.ts";
import { inFolder } from "../trial_folder.ts";
import { Gauge } from "./gauge.ts";
import type { Look } from "./look.ts";
import { SPOOL } from "./pipelines.ts";
import { Watch } from "./watch.ts";

const MIB = 1024 * 1024;
const WRITER = "writer";
/** HDFS holds a file that grows by appends for a minute for a writer that was lost. */
const ARRIVAL_LIMIT_MS = 240_000;

/** An agent whose target comes and goes, with nothing between its source and the stage that could hold events. */
export class AwayStage implements AsyncDisposable {
  readonly feed: SpoolFeed;
  readonly watch: Watch;
  /** The most that was seen. */
  stagedBytes = 0;
  readonly #name: string;
  readonly #crew: Crew;
  #agent: Agent | undefined;
  readonly #gauge: Gauge;

  constructor(
    about: { readonly name: string; readonly folder: string; readonly look: Look; readonly sink: string },
  ) {
    const { name, folder, look, sink } = about;
    this.#name = name;
    this.#crew = new Crew(folder);
    this.#crew.add(WRITER, `source: { ${SPOOL} }\nsink: ${sink}\n`);
    this.feed = new SpoolFeed(`${folder}/${WRITER}`, { bodies: new Bodies(), random: randomFor(name) });
    this.watch = new Watch(look, `${folder}/copy`);
    this.#gauge = new Gauge(() => this.#agent, () => this.#measure());
  }

  /** The most memory that was seen. */
  get rssBytes(): number {
    return this.#gauge.rssBytes;
  }

  start(): Agent {
    return this.#agent = this.#crew.start(WRITER);
  }

  /** Drops files of together at least some bytes. */
  drop(bytes: number): void {
    for (const end = this.feed.outputBytes + bytes; this.feed.outputBytes < end;) this.feed.drop(2000);
  }

  /** Files that the source has not done with. */
  get waitingFiles(): number {
    const names = Array.from(Deno.readDirSync(`${this.#crew.folder}/${WRITER}/in`), ({ name }) => name);
    return names.filter((name) => !name.endsWith(".COMPLETED")).length;
  }

  /** Stops the agent in order; gives how long that took. */
  async stop(): Promise<number> {
    const startMs = performance.now();
    await this.#crew.stop(WRITER);
    return Math.round(performance.now() - startMs);
  }

  /** Waits until all has arrived, stops the agent, and judges. */
  async finish(figures: Readonly<Record<string, number>>): Promise<void> {
    const startMs = performance.now();
    const says = () => this.#crew.lastWords(WRITER);
    const verdict = await untilArrived({
      outputs: [this.watch.copy],
      written: this.feed.written,
      says,
      limitMs: ARRIVAL_LIMIT_MS,
    });
    const calmMs = Math.round(performance.now() - startMs);
    await this.stop();
    await this.watch.finish();
    const [rssMiB, stagedMiB] = [this.rssBytes, this.stagedBytes].map((bytes) => Math.round(bytes / MIB));
    const facts = { ...figures, rssMiB, stagedMiB, calmMs, files: this.watch.size };
    console.log(JSON.stringify({ trial: this.#name, seed: SEED, ...verdict, ...facts }));
    assert.deepEqual(this.watch.faults, []);
    assertExact(verdict, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gauge[Symbol.dispose]();
    await this.#crew[Symbol.asyncDispose]();
    await this.watch[Symbol.asyncDispose]();
  }

  #measure(): void {
    const folder = this.#crew.options(WRITER).stateDir;
    this.stagedBytes = Math.max(this.stagedBytes, bytesIn(`${folder}/hdfs/sink/stage`));
  }
}

/** Runs a trial of a target that is away. */
export async function withAway(
  about: { readonly name: string; readonly look: Look; readonly sink: string },
  run: (stage: AwayStage) => Promise<void>,
): Promise<void> {
  await inFolder(about.name, async (folder) => {
    await using stage = new AwayStage({ ...about, folder });
    await run(stage);
  });
}

/** Waits until what is staged has grown past some bytes, and then a while longer. */
export async function untilStaged(stage: AwayStage, bytes: number, thenMs: number): Promise<void> {
  await until(`${bytes} bytes in the stage`, () => stage.stagedBytes >= bytes, 30_000);
  await new Promise((resolve) => setTimeout(resolve, thenMs));
}

function bytesIn(folder: string): number {
  try {
    return Array.from(Deno.readDirSync(folder)).reduce(
      (sum, { name }) => sum + sizeOf(`${folder}/${name}`),
      0,
    );
  } catch {
    return 0;
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
