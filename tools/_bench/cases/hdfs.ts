import { join } from "node:path";
import { findHadoopCodec } from "../../../protocols/hadoop/compression.ts";
import type { InputFile } from "../access_log.ts";
import { Agent } from "../agent.ts";
import { type Bar, megabytesPerSecond, type Row } from "../figures.ts";
import { HdfsLab } from "../hdfs_lab.ts";
import type { Case, Lab } from "../lab.ts";
import { outputBytes } from "../output.ts";
import type { ProcessStats } from "../process_stats.ts";

const PARTITIONS = 200;
const CODECS = ["gzip", "snappy", "zstd"];
const CHUNK_BYTES = 1 << 20;
const LOOK_MS = 20;

/** One run of a pipeline. */
interface Run extends Pick<ProcessStats, "peakBytes" | "cpuSeconds"> {
  /** Of the input, from the first byte that is staged to the last finished file; MB/s. */
  readonly speed: number;
}

/** Where a run works. */
interface Stage {
  readonly hdfs: HdfsLab;
  readonly lab: Lab;
  readonly input: InputFile;
}

/** An access log into files of a real HDFS. */
export const hdfsCases: readonly Case[] = [
  { name: "hdfs/stream", measure: (lab) => withHdfs(lab, measureStream) },
  ...CODECS.map((codec) => ({
    name: `hdfs/${codec}`,
    measure: (lab: Lab) => withHdfs(lab, (stage) => measureCodec(codec, stage)),
  })),
];

async function withHdfs(lab: Lab, measure: (stage: Stage) => Promise<Row[]>): Promise<Row[]> {
  await using hdfs = await HdfsLab.open();
  if (hdfs === undefined) return [];
  return await measure({ hdfs, lab, input: await lab.input() });
}

/** All that is compared with one file of plain lines, in the same runs. */
async function measureStream(stage: Stage): Promise<Row[]> {
  const { hdfs, lab, input } = stage;
  // The servers' virtual machines are slow at first, and the bare PUT would be the one that pays for it.
  await hdfs.barePut(input.path);
  const runs = await lab.repeat("hdfs/stream", async () => ({
    bare: await hdfs.barePut(input.path),
    stream: await runOne(stage, { "hdfs.fileType": "DataStream" }),
    sequence: await runOne(stage, { "hdfs.fileType": "SequenceFile", "hdfs.writeFormat": "Text" }),
    spread: await runSpread(stage),
  }));
  const bare = runs.map(({ bare }) => bare);
  const stream = runs.map(({ stream }) => stream);
  const share = (
    name: string,
    own: readonly Run[],
    [others, bar]: readonly [readonly number[], Bar],
  ): Row => {
    return { name, unit: "×", values: own.map(({ speed }, at) => speed / others[at]!), bar };
  };
  const streamSpeeds = stream.map(({ speed }) => speed);
  const sequence = runs.map(({ sequence }) => sequence);
  const spread = runs.map(({ spread }) => spread);
  return [
    { name: "bare PUT to HDFS", unit: "MB/s", values: bare },
    rowOf("file → hdfs, DataStream, one file", stream),
    share("  against the bare PUT", stream, [bare, { atLeast: 0.6 }]),
    rowOf("file → hdfs, SequenceFile of Text, one file", sequence),
    share("  against DataStream", sequence, [streamSpeeds, { atLeast: 0.5 }]),
    rowOf(`${PARTITIONS} files → hdfs, DataStream, as many partitions`, spread),
    share("  against one file", spread, [streamSpeeds, { atLeast: 0.4 }]),
  ];
}

async function measureCodec(codec: string, stage: Stage): Promise<Row[]> {
  const runs = await stage.lab.repeat(`hdfs/${codec}`, async () => ({
    bare: await bareSpeed(codec, stage.input.path),
    own: await runOne(stage, { "hdfs.fileType": "CompressedStream", "hdfs.codeC": codec }),
  }));
  const own = runs.map(({ own }) => own);
  const ratios = runs.map(({ bare, own: { speed } }) => bare / speed);
  return [
    { name: `${codec} alone`, unit: "MB/s", values: runs.map(({ bare }) => bare) },
    rowOf(`file → hdfs, CompressedStream ${codec}`, own),
    // Where the compressor is not what limits, the file system is.
    {
      name: "  time against the compressor's own",
      unit: "×",
      values: ratios,
      bar: codec === "snappy" ? undefined : { atMost: 1.3 },
    },
  ];
}

function rowOf(name: string, runs: readonly Run[]): Row {
  return {
    name,
    unit: "MB/s",
    values: runs.map(({ speed }) => speed),
    peakBytes: runs.map(({ peakBytes }) => peakBytes),
    peakBarBytes: 256e6,
    cpuSeconds: runs.map(({ cpuSeconds }) => cpuSeconds),
  };
}

/** Compresses a file into nothing; MB/s of what is read. */
async function bareSpeed(codec: string, path: string): Promise<number> {
  const startMs = performance.now();
  const stream = findHadoopCodec(codec)!.open({ write: () => Promise.resolve() });
  using file = await Deno.open(path);
  let bytes = 0;
  for (;;) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const count = await file.read(chunk);
    if (count === null) break;
    await stream.write(chunk.subarray(0, count));
    bytes += count;
  }
  await stream.finish();
  return megabytesPerSecond(bytes, performance.now() - startMs);
}

/** The input into one file. */
async function runOne(stage: Stage, settings: Readonly<Record<string, string>>): Promise<Run> {
  const { lab, input } = stage;
  return await lab.inFolder((folder) => {
    const source = { type: "taildir", filegroups: { f: input.path } };
    return runUntil(stage, { folder, source, settings, files: 1, rollCount: input.lines, path: "" });
  });
}

/** Parts of the input, one for each partition, read side by side. */
async function runSpread(stage: Stage): Promise<Run> {
  const { lab, input } = stage;
  return await lab.inFolder(async (folder) => {
    const rollCount = Math.floor(input.lines / PARTITIONS);
    await cutInput(input.path, { folder, rollCount });
    const filegroups: Record<string, string> = {};
    const headers: Record<string, unknown> = {};
    for (let part = 0; part < PARTITIONS; part++) {
      filegroups[`g${part}`] = join(folder, `part-${part}`);
      headers[`headers.g${part}.part`] = `p${part}`;
    }
    const source = { type: "taildir", filegroups, ...headers };
    const settings = { "hdfs.fileType": "DataStream" };
    return await runUntil(stage, {
      folder,
      source,
      settings,
      files: PARTITIONS,
      rollCount,
      path: "/%{part}",
    });
  });
}

/** Files of so many lines each. */
async function cutInput(
  path: string,
  { folder, rollCount }: { readonly folder: string; readonly rollCount: number },
): Promise<void> {
  const { success } = await new Deno.Command("split", {
    args: ["-l", `${rollCount}`, "-d", "-a", "4", path, join(folder, "cut-")],
  }).output();
  if (!success) throw new Error("split failed");
  for (let part = 0; part < PARTITIONS; part++) {
    await Deno.rename(join(folder, `cut-${String(part).padStart(4, "0")}`), join(folder, `part-${part}`));
  }
}

interface PipelineRun {
  readonly folder: string;
  readonly source: unknown;
  readonly settings: Readonly<Record<string, string>>;
  readonly files: number;
  readonly rollCount: number;
  /** Below the folder of HDFS. */
  readonly path: string;
}

async function runUntil(
  { hdfs, lab, input }: Stage,
  { folder, source, settings, files, rollCount, path }: PipelineRun,
): Promise<Run> {
  return await hdfs.withFolder(async (target) => {
    const sink = {
      type: "hdfs",
      "hdfs.path": `${target}${path}`,
      "hdfs.nameNodes": [hdfs.nameNode],
      "hdfs.user": hdfs.user,
      "hdfs.rollInterval": 0,
      "hdfs.rollSize": 0,
      "hdfs.rollCount": rollCount,
      ...settings,
    };
    await using agent = await Agent.start({ source, sink }, folder, lab);
    const stage = join(folder, "state", "hdfs", "sink", "stage");
    await agent.until("something was staged", () => treeBytes(stage) > CHUNK_BYTES);
    const startMs = performance.now();
    // To ask HDFS all the time would take a tenth of the processors from what is measured.
    await agent.until("all files were finished", async () => {
      if (treeBytes(stage) === 0 && (await hdfs.finished(target)).files >= files) return true;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      return false;
    }, 300_000);
    const speed = megabytesPerSecond(input.bytes, performance.now() - startMs);
    const { peakBytes, cpuSeconds } = await agent.stop();
    return { speed, peakBytes, cpuSeconds };
  });
}

/** Bytes in all files of a tree. */
function treeBytes(folder: string): number {
  try {
    const folders = Array.from(Deno.readDirSync(folder)).filter(({ isDirectory }) => isDirectory);
    return folders.reduce((sum, { name }) => sum + treeBytes(join(folder, name)), outputBytes(folder));
  } catch {
    return 0;
  }
}
