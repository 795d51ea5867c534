/**
 * Measures Sluice as its users run it, beside the machine's own limits in the same runs: `deno task bench --help`.
 * @module
 */
import { resolve } from "node:path";
import { chooseCases } from "./_bench/cases.ts";
import { judge, type Row, spreadOf } from "./_bench/figures.ts";
import { type Case, Lab } from "./_bench/lab.ts";
import { type BenchOptions, readOptions, USAGE } from "./_bench/options.ts";
import { renderTable } from "./_bench/table.ts";

async function measureAll(cases: readonly Case[], options: BenchOptions): Promise<readonly Row[]> {
  const dir = options.folder === undefined ? {} : { dir: resolve(options.folder) };
  const folder = await Deno.makeTempDir({ ...dir, prefix: "sluice-bench-" });
  const rows: Row[] = [];
  try {
    const lab = new Lab(options, folder);
    for (const { name, measure } of cases) {
      try {
        rows.push(...await measure(lab));
      } catch (cause) {
        console.error(`${name} could not be measured: ${cause instanceof Error ? cause.stack : cause}`);
        Deno.exitCode = 1;
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return rows;
}

/** The rows with what is derived from them, for programs. */
function toJson(rows: readonly Row[], { runs, inputBytes }: BenchOptions): string {
  const measured = rows.map((row) => ({ ...row, ...spreadOf(row.values), verdict: judge(row) }));
  const processors = navigator.hardwareConcurrency;
  return JSON.stringify({ deno: Deno.version.deno, processors, runs, inputBytes, rows: measured }, null, 2);
}

async function main(): Promise<void> {
  const options = readOptions(Deno.args, Deno.env.toObject());
  if (options.isHelp) return console.log(USAGE);
  const cases = chooseCases(options.filters);
  if (options.isListing) return console.log(cases.map(({ name }) => name).join("\n"));
  const rows = await measureAll(cases, options);
  if (rows.length === 0) return;
  console.log(renderTable(rows));
  const missed = rows.filter((row) => judge(row).endsWith("missed"));
  console.log(missed.length === 0 ? "\nAll bars are met." : `\n${missed.length} bars are missed.`);
  if (options.json !== undefined) await Deno.writeTextFile(options.json, toJson(rows, options) + "\n");
}

if (import.meta.main) await main();
