import { type Bar, judge, type Row, spreadOf } from "./figures.ts";

const HEAD = ["work", "min", "median", "max", "unit", "bar", "machine", "peak MB", "CPU s", "verdict"];
/** Columns of text; the others are numbers and stand at the right. */
const LEFT: ReadonlySet<number> = new Set([0, 4, 9]);

/** The rows as a table for a terminal, which is also a table in Markdown. */
export function renderTable(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  const draw = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, at) => LEFT.has(at) ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)).join(
        " | ",
      )
    } |`;
  const rule = widths.map((width, at) => LEFT.has(at) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return [draw(lines[0]!), draw(rule), ...lines.slice(1).map(draw)].join("\n");
}

function cellsOf(row: Row): string[] {
  const { min, median, max } = spreadOf(row.values);
  return [
    row.name,
    ...[min, median, max].map(renderNumber),
    row.unit,
    renderBar(row.bar),
    row.limit ? `${row.limit.name} ${renderNumber(spreadOf(row.limit.values).median)}` : "",
    row.peakBytes ? renderNumber(Math.max(...row.peakBytes) / 1e6) : "",
    row.cpuSeconds ? renderNumber(spreadOf(row.cpuSeconds).median) : "",
    judge(row),
  ];
}

/** Three digits that tell, thousands apart. */
export function renderNumber(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+$)/g, " ");
}

function renderBar(bar: Bar | undefined): string {
  if (bar?.atLeast !== undefined) return `≥ ${renderNumber(bar.atLeast)}`;
  return bar?.atMost === undefined ? "" : `≤ ${renderNumber(bar.atMost)}`;
}
