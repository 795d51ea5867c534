import { Buffer } from "node:buffer";

/** The end of the last line of every input, which tells whoever waits for an output that all of it is there. */
export const LAST_LINE_END = "bench-end/1.0";

/** What was written. */
export interface InputFile {
  readonly path: string;
  readonly bytes: number;
  readonly lines: number;
  /** Lines of health checks, which the filter cases drop, and the bytes of these lines. */
  readonly healthLines: number;
  readonly healthBytes: number;
}

/** Bytes that are made from the seed; a larger input repeats them. */
const UNIT_BYTES = 16 * 2 ** 20;
const HEALTH_SHARE = 0.1;

const HOSTS = ["203.0.113.", "198.51.100.", "192.0.2.", "10.20.30."];
const METHODS = ["GET", "GET", "GET", "GET", "GET", "POST", "PUT", "HEAD"];
const STATUSES = [200, 200, 200, 200, 200, 206, 301, 304, 304, 404, 500, 503];
const SECTIONS = ["products", "catalogue", "blog", "account", "static/img", "api/v2/orders"];
const WORDS = ["kettle", "garden", "bicycle", "lamp", "winter", "coffee", "travel", "notebook"];
const SITES = ["-", "https://www.example.org/", "https://search.example.com/find?q=tea+kettle"];
const BROWSERS = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5",
  "Googlebot/2.1 (+http://www.google.com/bot.html) compatible; Mozilla/5.0 AppleWebKit",
];

/** A small generator of pseudo-random numbers in [0, 1), the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes access-log lines of 198 bytes on average, one in ten a health check, until they fill so many bytes. */
export function makeLines(bytes: number, seed = 1): Buffer {
  const random = seededRandom(seed);
  const lines: string[] = [];
  for (let made = 0; made < bytes;) {
    const line = random() < HEALTH_SHARE ? healthLine(random) : requestLine(random);
    lines.push(line);
    made += line.length + 1;
  }
  return Buffer.from(lines.join("\n") + "\n", "utf8");
}

/** Writes an input file; the last line ends in `LAST_LINE_END`. */
export async function writeInput(path: string, bytes: number): Promise<InputFile> {
  const unit = makeLines(Math.min(bytes, UNIT_BYTES));
  const sizes = { bytes: 0, lines: 0, healthLines: 0, healthBytes: 0 };
  const unitSizes = countLines(unit);
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  for (let written = 0; written < bytes; written += unit.length) {
    await writeAll(file, unit);
    for (const key of Object.keys(sizes) as (keyof typeof sizes)[]) sizes[key] += unitSizes[key];
  }
  const last = Buffer.from(
    `203.0.113.9 - - [31/Dec/2025:23:59:59 +0000] "GET / HTTP/1.1" 200 1 "-" "${LAST_LINE_END}\n`,
  );
  await writeAll(file, last);
  await file.syncData();
  return { path, ...sizes, bytes: sizes.bytes + last.length, lines: sizes.lines + 1 };
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await file.write(rest));
}

function countLines(unit: Buffer) {
  const lines = unit.toString("utf8").split("\n").slice(0, -1);
  const health = lines.filter((line) => line.includes("GET /healthz "));
  const healthBytes = health.reduce((sum, line) => sum + line.length + 1, 0);
  return { bytes: unit.length, lines: lines.length, healthLines: health.length, healthBytes };
}

function timeOf(random: () => number): string {
  const part = (limit: number) => String(Math.floor(random() * limit)).padStart(2, "0");
  return `10/Oct/2025:${part(24)}:${part(60)}:${part(60)} +0000`;
}

function healthLine(random: () => number): string {
  const probe = "kube-probe/1.30 (+https://kubernetes.io/docs/tasks/configure-pod-container/)";
  return `10.0.0.${Math.floor(random() * 250)} - - [${
    timeOf(random)
  }] "GET /healthz HTTP/1.1" 200 2 "-" "${probe}"`;
}

function requestLine(random: () => number): string {
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!;
  const address = pick(HOSTS) + Math.floor(random() * 256);
  const query = random() < 0.2 ? `?ref=${pick(WORDS)}&page=${Math.floor(random() * 40)}` : "";
  // Few clients send anything but ASCII in an address, but some do.
  const word = random() < 0.001 ? "Kaffeemühle-grün" : pick(WORDS);
  const path = `/${pick(SECTIONS)}/${word}-${Math.floor(random() * 1e6)}${query}`;
  const answer = `${pick(STATUSES)} ${Math.floor(random() ** 3 * 90_000)}`;
  return `${address} - - [${timeOf(random)}] "${pick(METHODS)} ${path} HTTP/1.1" ${answer} "${
    pick(SITES)
  }" "${pick(BROWSERS)}"`;
}
