import { join } from "node:path";
import { Agent } from "../agent.ts";
import type { InputFile } from "../access_log.ts";
import { type Bar, megabytesPerSecond, type Row, spreadOf } from "../figures.ts";
import type { Case, Lab } from "../lab.ts";
import { measureCopy } from "../machine.ts";
import { countOutputLines, hasLastLine, outputBytes } from "../output.ts";

/** A pipeline from the input file to a folder. */
interface FileWork {
  readonly source: "taildir" | "spooldir";
  readonly interceptors?: readonly unknown[];
  readonly serializer?: string;
  /** True: health checks do not reach the output. */
  readonly isFiltered?: boolean;
}

interface FileRun {
  readonly megabytesPerSecond: number;
  readonly copyMegabytesPerSecond: number;
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

const HEADERS = [{ type: "timestamp" }, { type: "host" }];
const FIELDS_AND_FILTER = [
  {
    type: "regex_extractor",
    regex: '^(\\S+) \\S+ \\S+ \\[[^\\]]+\\] "(\\S+) [^"]*" (\\d+) ',
    serializers: { address: { name: "address" }, method: { name: "method" }, status: { name: "status" } },
  },
  { type: "regex_filter", regex: '"GET /healthz ', excludeEvents: true },
];

/** Files in, files out. */
export const fileCases: readonly Case[] = [
  copyCase("taildir"),
  copyCase("spooldir"),
  { name: "file/taildir-headers", measure: measureHeaders },
  fieldsCase("file/fields-text", { serializer: "text", atLeast: 250 }),
  fieldsCase("file/fields-json", { serializer: "json", atLeast: 150 }),
];

function copyCase(source: FileWork["source"]): Case {
  return {
    name: `file/${source}`,
    measure: async (lab) => {
      const runs = await lab.repeat(`file/${source}`, () => moveWithCopy(lab, { source }));
      return [rowOf(`${source} → direct → file_roll, on disk`, runs, copyBar(runs))];
    },
  };
}

/** Half of what a copy reaches, and 800 MB/s where a copy exceeds twice that. */
function copyBar(runs: readonly FileRun[]): Bar {
  const { median } = spreadOf(runs.map((run) => run.copyMegabytesPerSecond));
  return { atLeast: median > 1600 ? Math.max(median / 2, 800) : median / 2 };
}

/** Takes turns with the pipeline without interceptors, so that a change of the disk's mood hits both. */
async function measureHeaders(lab: Lab): Promise<readonly Row[]> {
  const runs = await lab.repeat("file/taildir-headers", async () => ({
    plain: await moveWithCopy(lab, { source: "taildir" }),
    headers: await moveWithCopy(lab, { source: "taildir", interceptors: HEADERS }),
  }));
  const plain = spreadOf(runs.map((run) => run.plain.megabytesPerSecond)).median;
  const shares = runs.map(({ plain, headers }) => 100 * headers.cpuSeconds / plain.cpuSeconds);
  return [
    rowOf("taildir → timestamp, host → file_roll, on disk", runs.map(({ headers }) => headers), {
      atLeast: plain * 0.95,
    }),
    { name: "  its processor time beside that without", unit: "%", values: shares, bar: { atMost: 105 } },
  ];
}

function fieldsCase(name: string, { serializer, atLeast }: { serializer: string; atLeast: number }): Case {
  const work: FileWork = { source: "taildir", interceptors: FIELDS_AND_FILTER, serializer, isFiltered: true };
  return {
    name,
    measure: async (lab) => {
      const runs = await lab.repeat(name, () => moveWithCopy(lab, work));
      return [rowOf(`taildir → three fields, drop 10 % → ${serializer} lines`, runs, { atLeast })];
    },
  };
}

function rowOf(name: string, runs: readonly FileRun[], bar: Bar): Row {
  return {
    name,
    unit: "MB/s",
    values: runs.map((run) => run.megabytesPerSecond),
    bar,
    limit: { name: "cp+sync", values: runs.map((run) => run.copyMegabytesPerSecond) },
    peakBytes: runs.map((run) => run.peakBytes),
    cpuSeconds: runs.map((run) => run.cpuSeconds),
  };
}

async function moveWithCopy(lab: Lab, work: FileWork): Promise<FileRun> {
  const input = await lab.input();
  const copyMegabytesPerSecond = await measureCopy(input.path, lab);
  return { copyMegabytesPerSecond, ...await lab.inFolder((folder) => move(folder, work, lab)) };
}

/** From the start of the process until it has ended in order, and so has forced its output to disk. */
async function move(folder: string, work: FileWork, lab: Lab) {
  const input = await lab.input();
  const out = join(folder, "out");
  await Deno.mkdir(out);
  const source = await sourceOf(work, folder, input);
  await using agent = await Agent.start(
    {
      source,
      interceptors: work.interceptors ?? [],
      channel: "direct",
      sink: {
        type: "file_roll",
        "sink.directory": out,
        "sink.rollInterval": 0,
        "sink.serializer": work.serializer ?? "text",
      },
    },
    folder,
    lab,
  );
  await agent.until("the last line was written", () => hasLastLine(out));
  const { peakBytes, cpuSeconds } = await agent.stop();
  const ms = performance.now() - agent.startMs;
  await verify(out, work, input);
  return { megabytesPerSecond: megabytesPerSecond(input.bytes, ms), peakBytes, cpuSeconds };
}

async function sourceOf({ source }: FileWork, folder: string, input: InputFile): Promise<unknown> {
  if (source === "taildir") return { type: "taildir", filegroups: { logs: input.path } };
  const spoolDir = join(folder, "spool");
  await Deno.mkdir(spoolDir);
  await Deno.link(input.path, join(spoolDir, "access.log"));
  return { type: "spooldir", spoolDir };
}

/** A fast pipeline that loses or repeats lines is none. */
async function verify(out: string, { isFiltered = false, serializer = "text" }: FileWork, input: InputFile) {
  const expected = serializer === "text"
    ? { what: "bytes", amount: input.bytes - (isFiltered ? input.healthBytes : 0), got: outputBytes(out) }
    : { what: "lines", amount: input.lines - input.healthLines, got: await countOutputLines(out) };
  if (expected.got === expected.amount) return;
  throw new Error(`The output has ${expected.got} ${expected.what} instead of ${expected.amount}`);
}
