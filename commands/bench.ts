import type { Plan } from "../core/plan.ts";
import { defineCommand } from "./command.ts";
import { CommandError, EXIT } from "./exit.ts";
import { countOf, durationMs } from "./_duration.ts";
import { compileFile, onlyFile, PIPELINE_OPTIONS } from "./_pipeline_file.ts";
import { columns, errorColour, print, printError } from "./_terminal.ts";
import type { BenchRun } from "./_bench.ts";

const options = {
  sample: { type: "string", value: "FILE", about: "Lines to feed in; access log lines otherwise." },
  time: { type: "string", value: "TIME", about: "Length of one run (3s)." },
  runs: { type: "string", value: "N", about: "How many runs (3)." },
  json: { type: "boolean", about: "Print each run as JSON." },
  name: PIPELINE_OPTIONS.name,
} as const;

const MAX_SAMPLE_BYTES = 16 * 1024 * 1024;

export default defineCommand({
  name: "bench",
  summary: "Measures how fast the inside of a pipeline is: sample lines in, nothing out.",
  usage: ["bench [options] [PIPELINE]"],
  about: "The sources are replaced by sample lines, the sinks by nothing; all between them stays.\n" +
    "Without a pipeline the engine alone is measured. The project's own benchmarks: deno task bench",
  options,
  positionals: { min: 0, max: 1, complete: "files" },
  example: "sluice bench --time 5s pipelines/quickstart.yaml",
  exitCodes: ["ok", "findings", "usage", "failed"],
  async run({ values, positionals }) {
    const runMs = durationMs("time", values.time ?? "3s");
    const runs = countOf("runs", values.runs ?? "3");
    const plan = await planOf(positionals, values);
    if (!plan) return EXIT.findings;
    const sample = await readSample(values.sample);
    const { benchPlan } = await import("./_bench.ts");
    const measured: BenchRun[] = [];
    for (let run = 0; run < runs; run++) {
      measured.push(
        await benchPlan(plan, { sample, runMs, onFault: (text) => printError(`warning: ${text}\n`) }),
      );
    }
    print(
      values.json ? `${JSON.stringify({ pipeline: plan.name, runs: measured }, null, 2)}\n` : table(measured),
    );
    return EXIT.ok;
  },
});

async function planOf(
  positionals: readonly string[],
  values: { readonly name?: string },
): Promise<Plan | undefined> {
  if (positionals.length === 0) return await enginePlan();
  const { plan, diagnostics } = await compileFile(onlyFile("bench", positionals, {}), values);
  const { renderDiagnostics } = await import("../compiler/diagnostics.ts");
  printError(renderDiagnostics(diagnostics, { colour: errorColour() }));
  return plan;
}

/** The least that a pipeline can be. */
async function enginePlan(): Promise<Plan> {
  const { compile } = await import("../compiler/compile.ts");
  const { denoSurroundings } = await import("./_surroundings.ts");
  const text = "name: engine\nsource: { type: stdin }\nsink: { type: stdout }\n";
  return (await compile(text, "engine.yaml", denoSurroundings(undefined, "."))).plan!;
}

async function readSample(path: string | undefined): Promise<Uint8Array> {
  if (path === undefined) return new TextEncoder().encode(accessLines());
  try {
    const bytes = await Deno.readFile(path);
    const end = bytes.subarray(0, MAX_SAMPLE_BYTES).lastIndexOf(10) + 1;
    if (end > 0) return bytes.subarray(0, end);
  } catch (cause) {
    throw new CommandError(`Cannot read the sample "${path}"`, { cause, fix: "correct the path" });
  }
  throw new CommandError(`The sample "${path}" holds no whole line`, { fix: "name a file with lines" });
}

function accessLines(): string {
  const paths = ["/", "/cart?step=2", "/static/app.9f3c.js", "/api/orders/4711", "/straße/übersicht"];
  const codes = [200, 200, 200, 304, 404, 500];
  return Array.from({ length: 500 }, (_, at) => {
    const address = `203.0.113.${at % 250}`;
    const time = `21/Nov/2025:05:${String(at % 60).padStart(2, "0")}:09 +0000`;
    const request = `"GET ${paths[at % paths.length]} HTTP/1.1" ${codes[at % codes.length]} ${
      at * 37 % 9000
    }`;
    return `${address} - - [${time}] ${request} "https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"\n`;
  }).join("");
}

function table(runs: readonly BenchRun[]): string {
  const spread = (figure: (run: BenchRun) => number) => {
    const sorted = runs.map(figure).sort((one, other) => one - other);
    const cells = [sorted[0]!, sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!];
    return cells.map((value) => Math.round(value).toLocaleString("en-US"));
  };
  return columns([
    ["", "min", "median", "max"],
    ["events/s in", ...spread(({ events, seconds }) => events / seconds)],
    ["events/s out", ...spread(({ deliveredEvents, seconds }) => deliveredEvents / seconds)],
    ["MB/s in", ...spread(({ bytes, seconds }) => bytes / seconds / 1e6)],
  ]);
}
