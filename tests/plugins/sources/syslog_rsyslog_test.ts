import assert from "node:assert/strict";
import type { AnyPlugin } from "sluice/plugin";
import multiport from "../../../plugins/sources/multiport_syslogtcp.ts";
import syslogtcp from "../../../plugins/sources/syslogtcp.ts";
import syslogudp from "../../../plugins/sources/syslogudp.ts";
import { serverTest, startServer } from "../../servers/mod.ts";
import { runSource, type SourceRun } from "../../support/run_source.ts";
import { until } from "../../support/until.ts";
import { eventsOf } from "./_syslog/golden.ts";
import { send } from "./_syslog/sending.ts";

const LINES = 500;
const BURST = 100;
/** The same second for all, some minutes ago: in summer or winter, but in this zone. */
const SENT_MS = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;

/** What rsyslog is to send to, and the source that listens there. */
const TARGETS: readonly (readonly [setting: string, plugin: AnyPlugin, settings: Record<string, unknown>])[] =
  [
    ["RSYSLOG_TO_UDP", syslogudp, {}],
    ["RSYSLOG_TO_TCP", syslogtcp, {}],
    ["RSYSLOG_TO_TCP_OCTET", syslogtcp, {}],
    ["RSYSLOG_TO_TLS", multiport, { ssl: true }],
  ];

function startSource([, plugin, settings]: (typeof TARGETS)[number], keys: string): SourceRun {
  const where = plugin === multiport ? { ports: "0" } : { port: 0 };
  const tls = settings.ssl ? { certFile: `${keys}/server.pem`, keyFile: `${keys}/server.key` } : {};
  return runSource(plugin, { host: "127.0.0.1", ...where, ...settings, ...tls });
}

/** The time with the offset of this zone, because rsyslog keeps the zone of what it gets. */
function localStamp(): string {
  const minutes = -new Date(SENT_MS).getTimezoneOffset();
  const wall = new Date(SENT_MS + minutes * 60_000).toISOString().slice(0, -1);
  const parts = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${wall}${minutes < 0 ? "-" : "+"}${parts.map((part) => String(part).padStart(2, "0")).join(":")}`;
}

/** Sends lines to rsyslog over TCP, each from a host and with a priority of its own; not more at once than UDP holds. */
async function sendLines(port: number, runs: readonly SourceRun[]): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const stamp = localStamp();
  for (let from = 0; from < LINES; from += BURST) {
    const lines = Array.from({ length: BURST }, (_, place) => {
      const n = from + place;
      return `<${n % 192}>1 ${stamp} web-${n % 20} shop ${n} - - order ${n} paid\n`;
    });
    await send(conn, lines.join(""));
    await until(`${from + BURST} events`, () => runs.every(({ size }) => size >= from + BURST));
  }
}

/** Each line must be there once, with the headers that belong to it. */
function checkEvents(run: SourceRun, setting: string, format: string): void {
  const events = run.batches.flatMap(eventsOf);
  const seen = new Set<number>();
  for (const { headers, body } of events) {
    const n = Number(/order (\d+) paid$/.exec(body)?.[1]);
    seen.add(n);
    const [priority, version] = setting === "RSYSLOG_TO_TLS"
      ? ["Priority", "Version"]
      : ["priority", "version"];
    // The zone of a time without one is local, for this source UTC.
    const offsetMs = new Date(SENT_MS).getTimezoneOffset() * 60_000;
    const stampMs = format === "rfc3164" && setting === "RSYSLOG_TO_TLS" ? SENT_MS - offsetMs : SENT_MS;
    assert.deepEqual(headers, {
      Facility: String(n % 192 >> 3),
      Severity: String(n % 192 & 7),
      host: `web-${n % 20}`,
      [priority!]: String(n % 192),
      timestamp: String(stampMs),
      ...format === "rfc5424" && { [version!]: "1" },
    }, `${setting}: ${body}`);
    assert.equal(
      body,
      format === "rfc5424" ? `shop ${n} - - order ${n} paid` : `shop[${n}] order ${n} paid`,
    );
  }
  assert.equal(seen.size, LINES, setting);
  assert.equal(events.length, LINES, setting);
}

for (const format of ["rfc3164", "rfc5424"]) {
  serverTest(
    { needs: ["rsyslog"] },
    `syslog sources take all that rsyslog sends over UDP, TCP and TLS in ${format}`,
    async () => {
      const keys = await Deno.makeTempDir();
      // The first one makes the keys.
      await (await startServer("rsyslog", { RSYSLOG_TLS_DIR: keys }))!.stop();
      const runs = TARGETS.map((target) => startSource(target, keys));
      try {
        await until("the ports", () => runs.every(({ context }) => context.counters.get("Port") > 0));
        const targets = TARGETS.map((
          [setting],
          index,
        ) => [setting, `127.0.0.1:${runs[index]!.context.counters.get("Port")}`]);
        const settings = { RSYSLOG_TLS_DIR: keys, RSYSLOG_FORMAT: format, ...Object.fromEntries(targets) };
        const rsyslog = (await startServer("rsyslog", settings))!;
        try {
          await sendLines(Number(rsyslog.env.RSYSLOG_TCP_PORT), runs);
        } finally {
          await rsyslog.stop();
        }
        for (const [index, [setting]] of TARGETS.entries()) checkEvents(runs[index]!, setting, format);
      } finally {
        for (const run of runs) await run.stop();
        await Deno.remove(keys, { recursive: true });
      }
    },
  );
}
