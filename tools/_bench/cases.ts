import { fileCases } from "./cases/file.ts";
import { httpCases } from "./cases/http.ts";
import { journalCases } from "./cases/journal.ts";
import { liveCases } from "./cases/live.ts";
import { netcatCases } from "./cases/netcat.ts";
import { stageCases } from "./cases/stages.ts";
import type { Case } from "./lab.ts";

/** All cases, in the order in which they run. */
export const CASES: readonly Case[] = [
  ...fileCases,
  ...httpCases,
  ...netcatCases,
  ...journalCases,
  ...liveCases,
  ...stageCases,
];

/** The cases with one of the filters in their name; all without a filter. */
export function chooseCases(filters: readonly string[]): readonly Case[] {
  if (filters.length === 0) return CASES;
  return CASES.filter(({ name }) => filters.some((filter) => name.includes(filter)));
}
