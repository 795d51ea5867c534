// Runs as a process of its own: sends lines of syslog, as servers do, over TCP or UDP, and prints a LoadResult.
import { seededRandom } from "./access_log.ts";
import type { LoadResult } from "./load.ts";

/** What to send, and where. */
export interface SyslogOrder {
  readonly port: number;
  readonly transport: "tcp" | "udp";
  /** Of RFC 3164, of RFC 5424, or one after the other. */
  readonly format: "3164" | "5424" | "mixed";
  readonly connections: number;
  readonly seconds: number;
  /** Datagrams a second; for UDP. */
  readonly rate?: number;
}

const HOSTS = Array.from({ length: 20 }, (_, number) => `web-${number + 1}.example.org`);
const APPS = ["nginx", "sshd", "postgres", "cron", "kernel", "orders-api"];
const WORDS = [
  "accepted",
  "connection",
  "from",
  "user",
  "timeout",
  "closed",
  "worker",
  "request",
  "queue",
  "disk",
];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LINES = 16_384;
/** Lines come some milliseconds after each other, by their timestamps. */
const MAX_STEP_MS = 7;
const MAX_LATE = 50;

/** Lines of 100 to 200 bytes from twenty hosts. */
function makeLines(format: SyslogOrder["format"]): Uint8Array[] {
  const random = seededRandom(1);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  let ms = Date.now();
  return Array.from({ length: LINES }, (_, number) => {
    const time = new Date(ms += Math.ceil(random() * MAX_STEP_MS));
    const is3164 = format === "mixed" ? number % 2 === 0 : format === "3164";
    const app = pick(APPS);
    const text = Array.from({ length: 8 + Math.floor(random() * 10) }, () => pick(WORDS)).join(" ");
    const priority = 8 * Math.floor(random() * 24) + Math.floor(random() * 8);
    const head = is3164
      ? `<${priority}>${stampOf(time)} ${pick(HOSTS)} ${app}[${number}]:`
      : `<${priority}>1 ${time.toISOString()} ${pick(HOSTS)} ${app} ${number} - -`;
    return new TextEncoder().encode(`${head} ${text}\n`);
  });
}

function stampOf(time: Date): string {
  const day = String(time.getDate()).padStart(2);
  return `${MONTHS[time.getMonth()]} ${day} ${time.toTimeString().slice(0, 8)}`;
}

function join(lines: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(lines.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const line of lines) {
    joined.set(line, offset);
    offset += line.length;
  }
  return joined;
}

/** Sends over one connection and waits until the other side has read all; gives the number of lines. */
async function talk({ port, seconds }: SyslogOrder, unit: Uint8Array): Promise<number> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const endMs = performance.now() + seconds * 1000;
  let units = 0;
  for (; performance.now() < endMs; units++) {
    for (let offset = 0; offset < unit.length;) offset += await conn.write(unit.subarray(offset));
  }
  await conn.closeWrite();
  while (await conn.read(new Uint8Array(1024)) !== null);
  return units * LINES;
}

/** Sends datagrams at a steady rate; what it is late with beyond a few it never sends, because a burst would be lost. */
async function scatter(
  { port, seconds, rate = 0 }: SyslogOrder,
  lines: readonly Uint8Array[],
): Promise<number> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const target = { transport: "udp", hostname: "127.0.0.1", port } as const;
  const endMs = performance.now() + seconds * 1000;
  let sent = 0;
  for (let [nowMs, dueMs] = [performance.now(), 0]; nowMs < endMs; nowMs = performance.now()) {
    dueMs = Math.max(dueMs, nowMs - MAX_LATE / rate * 1000);
    if (dueMs > nowMs) await new Promise((resolve) => setImmediate(resolve));
    else {
      await socket.send(lines[sent++ % LINES]!.subarray(0, -1), target);
      dueMs += 1000 / rate;
    }
  }
  socket.close();
  return sent;
}

async function run(order: SyslogOrder): Promise<LoadResult> {
  const lines = makeLines(order.format);
  const unit = join(lines);
  const startMs = performance.now();
  const counts = order.transport === "udp"
    ? [await scatter(order, lines)]
    : await Promise.all(Array.from({ length: order.connections }, () => talk(order, unit)));
  const accepted = counts.reduce((a, b) => a + b, 0);
  return {
    accepted,
    refused: 0,
    bytes: Math.round(accepted / LINES * unit.length),
    ms: performance.now() - startMs,
    startEpochMs: performance.timeOrigin + startMs,
  };
}

if (import.meta.main) console.log(JSON.stringify(await run(JSON.parse(Deno.args[0]!))));
