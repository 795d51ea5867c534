import assert from "node:assert/strict";
import { type Difference, multiportDifferences, SYSLOGTCP_DIFFERENCES } from "./differences.ts";
import { type GoldenCase, type GoldenEvent, readGolden, runMultiport, runSyslogtcp } from "./golden.ts";

/** Flume was run in this zone: what has no zone is local in some places, and UTC in others. */
const ZONE = "Europe/Berlin";
/** Runs something in a time zone. */
async function inZone(zone: string, run: () => Promise<void>): Promise<void> {
  const before = Deno.env.get("TZ");
  Deno.env.set("TZ", zone);
  try {
    await run();
  } finally {
    if (before === undefined) Deno.env.delete("TZ");
    else Deno.env.set("TZ", before);
  }
}

/** Our events must be Flume's but for the differences, each of which must show somewhere. */
async function compare(
  cases: readonly GoldenCase[],
  differences: readonly Difference[],
  run: (golden: GoldenCase) => readonly GoldenEvent[] | Promise<readonly GoldenEvent[]>,
): Promise<void> {
  const shown = new Set<Difference>();
  for (const golden of cases) {
    let expected = golden.events;
    for (const difference of differences) {
      const patched = difference.patch(expected, golden);
      if (JSON.stringify(patched) === JSON.stringify(expected)) continue;
      shown.add(difference);
      expected = patched;
    }
    const events = await run(golden);
    // Where Flume's parser failed, it lost the rest.
    const comparable = golden.thrown && expected === golden.events
      ? events.slice(0, expected.length)
      : events;
    assert.deepEqual(comparable, expected, JSON.stringify({ ...golden, events: undefined }));
  }
  assert.deepEqual(differences.filter((each) => !shown.has(each)).map(({ reason }) => reason), []);
}

Deno.test("syslogtcp and syslogudp make of heads, framing and formats what Flume makes of them, but for what is listed", async () => {
  const cases = [...readGolden("syslog_tcp"), ...readGolden("syslog_formats")].filter(({ chunks }) =>
    chunks[0] !== ""
  );
  await inZone(ZONE, () => compare(cases, SYSLOGTCP_DIFFERENCES, runSyslogtcp));
});

Deno.test("syslogtcp guesses years in UTC as Flume does, when the zone is UTC", async () => {
  await inZone("UTC", () => compare(readGolden("syslog_years_utc"), [], runSyslogtcp));
});

Deno.test("multiport_syslogtcp makes of heads, framing and charsets what Flume makes of them, but for what is listed", async () => {
  const times = new Map(
    readGolden("syslog_years_utc").map(({ now, chunks, events }) => [
      `${now} ${chunks.join("")}`,
      events[0]!.headers.timestamp!,
    ]),
  );
  await inZone(
    ZONE,
    () => compare(readGolden("syslog_multiport"), multiportDifferences(times), runMultiport),
  );
});

Deno.test("multiport_syslogtcp passes over empty lines, which cost Flume all that it has read with them", () => {
  const lines = "\n\n<13>Nov 21 10:00:00 web-1 first\n\n<13>Nov 21 10:00:00 web-1 second\n";
  const events = runMultiport({ chunks: [lines], now: Date.now(), events: [] });
  assert.deepEqual(events.map(({ body }) => body), ["first", "second"]);
});
