import assert from "node:assert/strict";
import { serverTest } from "../servers/mod.ts";
import { until } from "../support/until.ts";
import { Agent } from "./agent.ts";
import { Gauge } from "./hdfs/gauge.ts";
import { FolderLook, HdfsLook, type Look } from "./hdfs/look.ts";
import { FORMATS, hdfsSink } from "./hdfs/pipelines.ts";
import { randomFor, ROUNDS, SEED } from "./settings.ts";
import { inFolder } from "./trial_folder.ts";

const MIB = 1024 * 1024;
const RSS_LIMIT_BYTES = 400 * MIB;
/** Of the open files so many are in use: values come in turns, so that most files get more than one event; others come back after their file was closed. */
const WINDOW = 0.6;
const PER_PARTITION = ROUNDS > 3 ? 12 : 4;
const READERS = 8;
/** Of the process beside its files. */
const DESCRIPTORS_OF_REST = 80;

/** How many folders, how many files may be open, and how many for the operating system. */
interface Spread {
  readonly partitions: number;
  readonly openFiles: number;
  readonly descriptorLimit: number;
}

const PIPELINE = `source: { type: spooldir, spoolDir: FOLDER/in, quietTime: 0, pollDelay: 50 }
interceptors:
  - { type: regex_extractor, regex: '^(\\d+) ', serializers: { of: { name: of } } }
sink: SINK
`;

/** Lines that begin with the number of their partition; gives them all. */
function writeLines(folder: string, { partitions, openFiles }: Spread): string[] {
  const random = randomFor("partitions");
  const window = Math.min(openFiles, partitions) * WINDOW;
  const lines = Array.from({ length: partitions * PER_PARTITION }, (_, number) => {
    const first = Math.floor(number / PER_PARTITION);
    const isStray = random.chance(0.02);
    const partition = isStray ? random.below(partitions) : (first + random.below(window)) % partitions;
    return `${partition} event ${number} ${"x".repeat(random.below(200))}`;
  });
  Deno.mkdirSync(`${folder}/in`);
  Deno.writeTextFileSync(`${folder}/lines`, lines.join("\n") + "\n");
  Deno.renameSync(`${folder}/lines`, `${folder}/in/lines`);
  return lines;
}

/** Writes all, with limits on what is open, and reads every file. */
async function runSpread(
  about: Spread & { readonly name: string; readonly folder: string; readonly look: Look },
  sinkTo: (more: string) => string,
): Promise<void> {
  const { name, folder, look, openFiles, descriptorLimit } = about;
  const lines = writeLines(folder, about);
  const sink = sinkTo(`${FORMATS.DataStream}, hdfs.maxOpenFiles: ${openFiles}`);
  const options = {
    pipeline: `${folder}/trial.yaml`,
    stateDir: `${folder}/state`,
    shutdownTimeout: "10m",
    descriptorLimit,
  };
  await Deno.writeTextFile(options.pipeline, PIPELINE.replace("SINK", sink).replaceAll("FOLDER", folder));
  const startMs = performance.now();
  const agent = new Agent(options);
  using gauge = new Gauge(() => agent);
  try {
    await until("all to be staged", () => isThere(`${folder}/in/lines.COMPLETED`) || agent.hasEnded, 300_000);
    const stagedMs = Math.round(performance.now() - startMs);
    assert.equal(await agent.stop(), 0, agent.lines.slice(-20).join("\n"));
    const allMs = Math.round(performance.now() - startMs);
    const { rssBytes, descriptors } = gauge;
    const figures = { files: (await look.list()).length, events: lines.length, descriptors, stagedMs, allMs };
    console.log(JSON.stringify({ trial: name, seed: SEED, ...figures, rssMiB: Math.round(rssBytes / MIB) }));
    assert.deepEqual((await readAll(look)).sort(), lines.sort());
    assert.ok(rssBytes <= RSS_LIMIT_BYTES, `it held ${rssBytes} bytes of memory`);
    assert.ok(descriptors <= descriptorLimit / 2 + DESCRIPTORS_OF_REST, `it held ${descriptors} descriptors`);
    assert.ok(!agent.says("oo many open files"), agent.lines.slice(-20).join("\n"));
  } finally {
    agent.signal("SIGKILL");
    await agent.ended;
  }
}

/** All lines, each in the folder of its partition. */
async function readAll(look: Look): Promise<string[]> {
  const lines: string[] = [];
  const queue = (await look.list()).values();
  const read = async () => {
    for (const { path } of queue) {
      assert.doesNotMatch(path, /\.tmp$/);
      const [, partition] = /^\/of=(\d+)\//.exec(path)!;
      for (const line of new TextDecoder().decode(await look.read(path)).split("\n").slice(0, -1)) {
        assert.ok(line.startsWith(`${partition} `), `${path} has "${line}"`);
        lines.push(line);
      }
    }
  };
  await Promise.all(Array.from({ length: READERS }, read));
  return lines;
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

const BY_NUMBER = "of=%{of}";
const ROLLS = "hdfs.rollInterval: 0, hdfs.rollSize: 0, hdfs.rollCount: 0";

/** Each file takes milliseconds, and tens of them where HDFS has to make it: that only in long runs. */
const MANY = ROUNDS > 3 ? 10_000 : 600;
const SPREADS: readonly Spread[] = [
  { partitions: MANY, openFiles: 500, descriptorLimit: 1024 },
  // Flume's own maxOpenFiles.
  { partitions: MANY, openFiles: 5000, descriptorLimit: 512 },
];

for (const spread of SPREADS) {
  const { partitions, openFiles, descriptorLimit } = spread;
  const name = `${partitions} partitions with ${openFiles} open files and ${descriptorLimit} descriptors`;
  Deno.test(`${name}, file://: every event once, in bounded memory (TRIAL_SEED=${SEED})`, () =>
    inFolder(name, async (folder) => {
      await Deno.mkdir(`${folder}/out`);
      const target = `file://${folder}/out`;
      const sinkTo = (more: string) => hdfsSink({ target, partition: BY_NUMBER, rolls: ROLLS, more });
      await runSpread(
        { ...spread, name: `${name}, file://`, folder, look: new FolderLook(`${folder}/out`) },
        sinkTo,
      );
    }));

  if (ROUNDS <= 3) continue;
  serverTest(
    "hdfs",
    `${name}, HDFS: every event once, in bounded memory (TRIAL_SEED=${SEED})`,
    (env) =>
      inFolder(name, async (folder) => {
        using look = new HdfsLook(env.HDFS_WEBHDFS!, "/spread");
        const where = { target: `${env.HDFS_URI}/spread`, nameNodes: env.HDFS_WEBHDFS };
        const sinkTo = (more: string) => hdfsSink({ ...where, partition: BY_NUMBER, rolls: ROLLS, more });
        await runSpread({ ...spread, name: `${name}, HDFS`, folder, look }, sinkTo);
      }),
  );
}
