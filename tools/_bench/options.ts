import { resolve } from "node:path";
import { parseArgs } from "node:util";

/** What one run of the bench shall do. */
export interface BenchOptions {
  /** Parts of names; only cases that contain one of them run. Empty: all. */
  readonly filters: readonly string[];
  /** Measurements of each case. */
  readonly runs: number;
  /** Size of the input of file and netcat cases. */
  readonly inputBytes: number;
  /** How long load is put on a server, in each run. */
  readonly loadSeconds: number;
  /** Lone events in each run of the latency cases, ten a second. */
  readonly loneEvents: number;
  /** Folder for inputs and outputs; a temporary one otherwise. */
  readonly folder: string | undefined;
  /** File for the rows as JSON. */
  readonly json: string | undefined;
  /** Folder for CPU profiles of the measured processes. */
  readonly profiles: string | undefined;
  /** Only print the names of the cases. */
  readonly isListing: boolean;
  readonly isHelp: boolean;
}

/** What `--help` prints. */
export const USAGE = `Usage: deno task bench [--list] [--json FILE] [--profile FOLDER] [PART_OF_A_NAME ...]

  deno task bench                        all cases
  deno task bench file http              cases with "file" or "http" in their name
  deno task bench --json bench.json      the rows as JSON, too
  deno task bench --profile prof file    a CPU profile of each measured process in prof/

Environment:
  BENCH_RUNS     measurements of each case (3)
  BENCH_BYTES    size of the input, such as 256MiB (1GiB)
  BENCH_SECONDS  length of each load on a server (4)
  BENCH_EVENTS   lone events in each latency run (100)
  BENCH_DIR      folder on the disk to measure (the system's temporary folder)`;

const UNITS: Readonly<Record<string, number>> = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Reads arguments and environment. */
export function readOptions(args: readonly string[], env: Readonly<Record<string, string>>): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: "string" },
      profile: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return {
    filters: positionals,
    runs: positive(env, "BENCH_RUNS", 3),
    inputBytes: parseBytes(env.BENCH_BYTES ?? "1GiB"),
    loadSeconds: positive(env, "BENCH_SECONDS", 4),
    loneEvents: positive(env, "BENCH_EVENTS", 100),
    folder: env.BENCH_DIR,
    json: values.json,
    profiles: values.profile === undefined ? undefined : resolve(values.profile),
    isListing: values.list,
    isHelp: values.help,
  };
}

/** Reads a size such as `256MiB`. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMG]iB|)$/.exec(text);
  if (!match) throw new RangeError(`Cannot read BENCH_BYTES "${text}": write a size such as 256MiB`);
  return Math.round(Number(match[1]) * UNITS[match[2]!]!);
}

function positive(env: Readonly<Record<string, string>>, name: string, fallback: number): number {
  const value = Number(env[name] ?? fallback);
  if (value > 0) return value;
  throw new RangeError(`Cannot use ${name} "${env[name]}": write a number above 0`);
}
