import assert from "node:assert/strict";
import { LAST_LINE_END, makeLines, writeInput } from "../../tools/_bench/access_log.ts";
import { judge, quantileOf, type Row, slopeOf, spreadOf } from "../../tools/_bench/figures.ts";
import { CASES, chooseCases } from "../../tools/_bench/cases.ts";
import { parseBytes, readOptions } from "../../tools/_bench/options.ts";
import { countOutputLines, hasLastLine, outputBytes } from "../../tools/_bench/output.ts";
import { renderNumber, renderTable } from "../../tools/_bench/table.ts";

const ROW: Row = { name: "taildir → file", unit: "MB/s", values: [900, 820, 1010], bar: { atLeast: 800 } };

Deno.test("bench figures give the middle value, whatever the order of the runs", () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { min: 1, median: 2, max: 3 });
  assert.deepEqual(spreadOf([4, 1, 2, 3]), { min: 1, median: 2.5, max: 4 });
  assert.throws(() => spreadOf([]), RangeError);
});

Deno.test("bench figures interpolate a quantile between its neighbours", () => {
  const ascending = Array.from({ length: 101 }, (_, index) => index);
  assert.equal(quantileOf(ascending, 0.99), 99);
  assert.equal(quantileOf([1, 2], 0.25), 1.25);
});

Deno.test("bench figures find what each further stage costs", () => {
  const points = [0, 1, 2, 4, 8].map((x) => ({ x, y: 4.5 + 0.8 * x }));
  assert.ok(Math.abs(slopeOf(points) - 0.8) < 1e-9);
});

Deno.test("bench verdict compares the median with the bar, and the largest peak with the memory bar", () => {
  assert.equal(judge(ROW), "met");
  assert.equal(judge({ ...ROW, bar: { atLeast: 901 } }), "missed");
  assert.equal(judge({ ...ROW, unit: "ms", bar: { atMost: 900 } }), "met");
  assert.equal(judge({ ...ROW, unit: "ms", bar: { atMost: 899 } }), "missed");
  assert.equal(judge({ ...ROW, peakBytes: [90e6, 131e6] }), "memory missed");
  assert.equal(judge({ ...ROW, bar: undefined }), "");
});

Deno.test("bench table has one line for each row, with the machine's limit beside it", () => {
  const limit = { name: "cp+sync", values: [1600, 1500, 1700] };
  const table = renderTable([{ ...ROW, limit, peakBytes: [61.4e6], cpuSeconds: [1.25] }]);
  const lines = table.split("\n");
  assert.equal(lines.length, 3);
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
  assert.deepEqual(lines[2]!.split("|").slice(1, -1).map((cell) => cell.trim()), [
    "taildir → file",
    "820",
    "900",
    "1 010",
    "MB/s",
    "≥ 800",
    "cp+sync 1 600",
    "61.4",
    "1.25",
    "met",
  ]);
});

Deno.test("bench numbers keep the digits that tell, thousands apart", () => {
  assert.deepEqual([0, 0.804, 12.34, 999.6, 2_512_345].map(renderNumber), [
    "0",
    "0.80",
    "12.3",
    "1 000",
    "2 512 345",
  ]);
});

Deno.test("bench input is the same for the same seed, and 198 bytes a line on average", () => {
  const lines = makeLines(1 << 20);
  assert.deepEqual(makeLines(1 << 20), lines);
  const average = lines.length / (lines.toString().split("\n").length - 1);
  assert.ok(average > 196 && average < 200, `${average} bytes a line`);
  assert.ok(Math.max(...lines.toString().split("\n").map((line) => line.length)) < 512);
});

Deno.test("bench input says what it holds, and its last line is known in an output", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const input = await writeInput(`${folder}/access.log`, 300_000);
    const lines = (await Deno.readTextFile(input.path)).trimEnd().split("\n");
    const health = lines.filter((line) => line.includes("GET /healthz "));
    assert.equal(input.bytes, outputBytes(folder));
    assert.equal(input.lines, lines.length);
    assert.equal(input.lines, await countOutputLines(folder));
    assert.equal(input.healthLines, health.length);
    assert.equal(input.healthBytes, health.join("\n").length + 1);
    assert.ok(hasLastLine(folder) && lines.at(-1)!.endsWith(LAST_LINE_END));
    assert.equal(hasLastLine(`${folder}/none`), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("bench options come from arguments and environment, and name what cannot be used", () => {
  const options = readOptions(["--json", "out.json", "file"], { BENCH_RUNS: "5", BENCH_BYTES: "64MiB" });
  assert.equal(options.runs, 5);
  assert.equal(options.inputBytes, 64 * 2 ** 20);
  assert.equal(options.json, "out.json");
  assert.deepEqual(options.filters, ["file"]);
  assert.equal(parseBytes("1.5GiB"), 1.5 * 2 ** 30);
  assert.throws(() => parseBytes("1 gig"), /BENCH_BYTES "1 gig"/);
  assert.throws(() => readOptions([], { BENCH_RUNS: "none" }), /BENCH_RUNS "none"/);
});

Deno.test("bench filter chooses cases by a part of their name, each name once", () => {
  assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length);
  assert.deepEqual(chooseCases(["http"]).map(({ name }) => name), [
    "http/single",
    "http/ndjson",
    "journal/http",
  ]);
  assert.equal(chooseCases([]).length, CASES.length);
});
