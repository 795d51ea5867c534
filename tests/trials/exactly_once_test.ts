import { assertExactlyOnce } from "./exactly_once.ts";
import { SEED } from "./settings.ts";
import { logFeed, runTrial, spoolFeed, type TrialFeed } from "./trial.ts";
import { inFolder } from "./trial_folder.ts";

/** A pipeline that promises to deliver exactly once. */
interface Case {
  readonly name: string;
  readonly pipeline: string;
  readonly outputs: readonly string[];
  readonly feed: (folder: string) => TrialFeed;
}

const SPOOL =
  "type: spooldir, spoolDir: FOLDER/in, quietTime: 0, pollDelay: 50, deserializer: { type: line, maxLineLength: 1000000 }";
const TAIL = "type: taildir, filegroups: { logs: 'FOLDER/logs/app\\d\\.log(\\.\\d+)?' }, pollInterval: 50";
/** Short files and frequent checkpoints, so that kills hit their beginnings and ends, too. */
const BUSY = "maxFileSize: 1MiB, checkpointInterval: 100, minimumRequiredSpace: 1MiB";
const ROLL = "type: file_roll, rollInterval: 1, rollSize: 4MiB";

const TRIALS: readonly Case[] = [
  {
    name: "spooldir → file → file_roll",
    pipeline: `source: { ${SPOOL} }
channel:
  { type: file, checkpointDir: FOLDER/checkpoint, dataDirs: FOLDER/journal FOLDER/more, useDualCheckpoints: true, backupCheckpointDir: FOLDER/backup, ${BUSY} }
sink: { ${ROLL}, directory: FOLDER/out }`,
    outputs: ["out"],
    feed: spoolFeed,
  },
  {
    name: "taildir → file → file_roll",
    pipeline: `source: { ${TAIL} }
channel: { type: file, dataDirs: FOLDER/journal, compression: zstd, ${BUSY} }
sink: { ${ROLL}, directory: FOLDER/out }`,
    outputs: ["out"],
    feed: logFeed,
  },
  {
    name: "taildir → direct → file_roll",
    pipeline: `source: { ${TAIL} }\nsink: { ${ROLL}, directory: FOLDER/out }`,
    outputs: ["out"],
    feed: logFeed,
  },
  {
    name: "spooldir → two file channels → two file_rolls",
    pipeline: `sources: { in: { ${SPOOL}, channels: one two } }
channels:
  one: { type: file, dataDirs: FOLDER/journal, ${BUSY} }
  two: { type: file, dataDirs: FOLDER/journal, ${BUSY} }
sinks:
  one: { ${ROLL}, directory: FOLDER/one, channel: one }
  two: { ${ROLL}, directory: FOLDER/two, inUseSuffix: "", channel: two }`,
    outputs: ["one", "two"],
    feed: spoolFeed,
  },
];

for (const { name, pipeline, outputs, feed } of TRIALS) {
  Deno.test(`${name} delivers exactly once, whenever it is killed (TRIAL_SEED=${SEED})`, async () => {
    await inFolder(name, async (folder) => {
      const options = { pipeline: `${folder}/trial.yaml`, stateDir: `${folder}/state` };
      await Deno.writeTextFile(options.pipeline, pipeline.replaceAll("FOLDER", folder));
      assertExactlyOnce(
        await runTrial({
          name,
          options,
          outputs: outputs.map((output) => `${folder}/${output}`),
          feed: feed(folder),
        }),
      );
    });
  });
}
