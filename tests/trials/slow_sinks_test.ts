import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { Agent } from "./agent.ts";
import { Bodies } from "./bodies.ts";
import { outputBytes } from "./output.ts";
import { randomFor, SEED } from "./settings.ts";
import { SpoolFeed } from "./spool_feed.ts";
import { Target } from "./target.ts";
import { inFolder } from "./trial_folder.ts";
import { judge } from "./verdict.ts";

const CAPACITY = 20_000;
const LINES = 100_000;
const RSS_LIMIT_BYTES = 200 * 1024 * 1024;
/** A look at something that shall not change. */
const LOOK_MS = 500;

const ONE =
  `source: { type: spooldir, spoolDir: FOLDER/in, quietTime: 0, pollDelay: 50, deserializer: { type: line, maxLineLength: 1000000 } }
channel: { type: file, checkpointDir: FOLDER/checkpoint, dataDirs: FOLDER/journal, capacity: ${CAPACITY}, transactionCapacity: 5000, keep-alive: 1 }
sink: { type: http, endpoint: "TARGET", encoder: line, batchSize: 500 }
`;

const TWO = `sources:
  in: { type: spooldir, spoolDir: FOLDER/in, quietTime: 0, pollDelay: 50, deserializer: { type: line, maxLineLength: 1000000 }, channels: [good, bad] }
channels:
  good: { type: file, checkpointDir: FOLDER/checkpoint, dataDirs: FOLDER/journal, capacity: 1000000, transactionCapacity: 5000 }
  bad: { type: file, checkpointDir: FOLDER/checkpoint, dataDirs: FOLDER/journal, capacity: ${CAPACITY}, transactionCapacity: 5000, keep-alive: 1 }
sinks:
  out: { type: file_roll, channel: good, directory: FOLDER/out }
  target: { type: http, channel: bad, endpoint: "TARGET", encoder: line, batchSize: 500 }
`;

/** An agent that posts to a target, with files to read. */
interface Stage {
  readonly agent: Agent;
  readonly target: Target;
  readonly feed: SpoolFeed;
  readonly folder: string;
}

async function withTarget(pipeline: string, run: (stage: Stage) => Promise<void>): Promise<void> {
  await inFolder("slow sinks", async (folder) => {
    await using target = withClose(new Target("stuck"));
    const feed = new SpoolFeed(folder, { bodies: new Bodies(), random: randomFor("slow sinks") });
    for (let file = 0; file < 10; file++) feed.drop(LINES / 10);
    const text = pipeline.replaceAll("FOLDER", folder).replace("TARGET", target.url);
    await Deno.writeTextFile(`${folder}/trial.yaml`, text);
    const agent = new Agent({ pipeline: `${folder}/trial.yaml`, stateDir: `${folder}/state` });
    try {
      await run({ agent, target, feed, folder });
    } finally {
      agent.signal("SIGKILL");
      await agent.ended;
    }
  });
}

function withClose(target: Target): Target & AsyncDisposable {
  return Object.assign(target, { [Symbol.asyncDispose]: () => target.close() });
}

function bytesIn(folder: string): number {
  try {
    return Deno.readDirSync(folder).reduce(
      (sum, { name }) => sum + Deno.statSync(`${folder}/${name}`).size,
      0,
    );
  } catch {
    return 0;
  }
}

/** Waits until a size has grown and then stays. */
async function untilItStays(what: string, size: () => number, agent: Agent): Promise<number> {
  let last = -1;
  await until(`${what} to stay`, async () => {
    assert.equal(agent.hasEnded, false, agent.lines.join("\n"));
    const now = size();
    if (now > 0 && now === last) return true;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    return false;
  }, 30_000);
  return last;
}

Deno.test(`a sink that is stuck fills its file channel and no memory, and then gets all (TRIAL_SEED=${SEED})`, async () => {
  await withTarget(ONE, async ({ agent, target, feed, folder }) => {
    const journal = await untilItStays("the journal", () => bytesIn(`${folder}/journal`), agent);
    const rssBytes = agent.rssBytes();
    assert.ok(rssBytes < RSS_LIMIT_BYTES, `it holds ${rssBytes} bytes of memory`);
    assert.ok(journal < feed.outputBytes / 2, `${journal} bytes of journal for ${CAPACITY} events at most`);
    target.mood = "slow";
    await until("some posts", () => target.lines.size > 2000, 20_000);
    target.mood = "prompt";
    await until("all lines", () => target.lines.size >= LINES || agent.hasEnded, 30_000);
    assert.equal(await agent.stop(), 0, agent.lines.join("\n"));
    assert.equal(target.lines.size, LINES);
    console.log(JSON.stringify({ trial: "stuck sink", seed: SEED, rssBytes, journal }));
  });
});

Deno.test(`a stuck sink lets the other branch go on until its channel is full (TRIAL_SEED=${SEED})`, async () => {
  await withTarget(TWO, async ({ agent, target, feed, folder }) => {
    const arrived = await untilItStays(
      "the output of the good branch",
      () => outputBytes(`${folder}/out`),
      agent,
    );
    const perEvent = feed.outputBytes / LINES;
    const events = Math.round(arrived / perEvent);
    assert.ok(events > CAPACITY / 2 && events < CAPACITY * 2, `the good branch got about ${events} events`);
    assert.equal(target.lines.size, 0);
    target.mood = "prompt";
    await until(
      "all in both",
      () =>
        (target.lines.size >= LINES && outputBytes(`${folder}/out`) >= feed.outputBytes) || agent.hasEnded,
      30_000,
    );
    assert.equal(await agent.stop(), 0, agent.lines.join("\n"));
    const { faults, ...verdict } = judge(`${folder}/out`, feed.written, new Bodies());
    assert.deepEqual(verdict, { events: LINES, lost: 0, repeated: 0, late: 0, wrong: 0 }, faults.join("\n"));
    assert.equal(target.lines.size, LINES);
  });
});
