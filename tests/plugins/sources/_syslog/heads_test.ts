import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "sluice/plugin";
import { Charset } from "../../../../plugins/sources/_syslog/charset.ts";
import { NewlineFraming } from "../../../../plugins/sources/_syslog/frames.ts";
import { multiportMaker, syslogtcpMaker } from "../../../../plugins/sources/_syslog/makers.ts";
import { checkShape } from "../../../contracts/batches.ts";
import { eventsOf, type GoldenEvent, latin1, runSyslogtcp } from "./golden.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
/** More in a long run. */
const FUZZ_RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 2000);
const OPTIONS = { numRuns: FUZZ_RUNS, ...SEED === undefined ? {} : { seed: Number(SEED) } };
const NO_FORMAT = {
  "format.regex": undefined,
  "format.search": undefined,
  "format.replace": undefined,
  "format.dateFormat": undefined,
};

/** Heads as expressions: slow, and easy to compare with the RFCs. */
const PRIORITY = /^<(\d{1,3})>/;
const DATED = "(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:[+-]\\d\\d:\\d\\d|Z)?|-)";
const YEARLESS = "([A-Z][a-z]{2}\\s{1,2}\\d{1,2}\\s\\d\\d:\\d\\d:\\d\\d)";
const HOST = "([A-Za-z0-9_][\\w.@-]*";
const RFC5424 = new RegExp(`^<(\\d{1,3})>(\\d?)\\s?${DATED}\\s${HOST}|-)\\s([^\\r]*)$`);
const RFC3164 = new RegExp(`^<(\\d{1,3})>(\\d?)\\s?${YEARLESS}\\s${HOST})\\s([^\\r]*)$`);

/** What a line in ASCII must become, but for its timestamp. */
function modelled(line: string): GoldenEvent {
  const priority = PRIORITY.exec(line)?.[1];
  if (priority === undefined) {
    return { headers: { Facility: "0", Severity: "0", "flume.syslog.status": "Invalid" }, body: line };
  }
  const numbers = { Facility: String(Number(priority) >> 3), Severity: String(Number(priority) & 7) };
  const [, , version, , host, body] = RFC5424.exec(line) ?? RFC3164.exec(line) ?? [];
  if (body === undefined) return { headers: numbers, body: line };
  const headers = { ...numbers, ...host !== "-" && { host: host! }, priority, ...version && { version } };
  return { headers, body: body || line };
}

/** Lines that are syslog, or nearly. */
const LINE = fc.tuple(
  fc.constantFrom("<13>", "<0>", "<191>", "<013>", "<999>", "<1000>", "<>", "<a>", "<1", "13>", ""),
  fc.constantFrom("", "1 ", "1", " ", "  ", "7", "7\t", "12 "),
  fc.constantFrom(
    "-",
    "2026-11-21T10:00:00Z",
    "2026-11-21T10:00:00.123456+05:30",
    "2026-11-21T10:00:00.1234567890Z",
    "2026-11-21T10:00:00.Z",
    "2026-11-21T10:00:00+0530",
    "2026-11-21",
    "Nov 21 10:00:00",
    "Nov  1 10:00:00",
    "Nov\t1 10:00:00",
    "Xyz 1 99:99:99",
    "Nov 21 10:00",
    "",
  ),
  fc.constantFrom(" ", "  ", "\t", ""),
  fc.constantFrom("web-1", "192.0.2.7", "-", "a_b.c@d", "2001:db8::1", ".h", ""),
  fc.constantFrom(" ", "\t", ""),
  fc.constantFrom("app[7]: text", "", " two blanks", "with a\rreturn", "- - -"),
).map((parts) => parts.join(""));

/** The same with a few letters changed. */
const DAMAGED = fc.tuple(
  LINE,
  fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 32, max: 126 })), { maxLength: 3 }),
)
  .map(([line, changes]) => {
    const letters = [...line];
    for (const [place, code] of changes) {
      if (place < letters.length) letters[place] = String.fromCharCode(code);
    }
    return letters.join("");
  }).filter((line) => line !== "");

Deno.test("syslogtcp reads heads as expressions would", async () => {
  const golden = { now: Date.UTC(2026, 10, 21), events: [] };
  await fc.assert(
    fc.asyncProperty(fc.array(DAMAGED, { minLength: 1, maxLength: 5 }), async (lines) => {
      const events = await runSyslogtcp({ ...golden, chunks: [lines.map((line) => `${line}\n`).join("")] });
      const untimed = events.map(({ headers: { timestamp: _, ...headers }, body }) => ({ headers, body }));
      assert.deepEqual(untimed, lines.map(modelled));
    }),
    OPTIONS,
  );
});

Deno.test("syslog heads, whatever the bytes, give events whose columns fit and whose bodies are bytes of the input", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(DAMAGED).map((lines) => latin1(lines.join("\n") + "\n")),
  );
  const keepFields = fc.constantFrom(
    "none",
    "all",
    "hostname",
    "priority timestamp",
    "priority version timestamp hostname",
  );
  fc.assert(
    fc.property(bytes, keepFields, fc.boolean(), (bytes, keepFields, isMultiport) => {
      const settings = { keepFields: [keepFields], ...NO_FORMAT, charset: new Charset("utf-8") };
      const maker = (isMultiport ? multiportMaker : syslogtcpMaker)(settings, { clock: systemClock }, 100);
      const frames = new NewlineFraming(100).split(bytes, true);
      const lines = String.fromCharCode(...bytes).split("\n").flatMap((line) =>
        line.match(/[^]{1,100}/g) ?? []
      );
      const batch = maker.make({ block: bytes.slice(), frames, endsAtNewline: true });
      checkShape(batch);
      assert.equal(batch.size, lines.length);
      for (const [index, { body }] of eventsOf(batch).entries()) {
        assert.ok(keepFields.length > 4 || lines[index]!.endsWith(body), `"${body}" of "${lines[index]}"`);
      }
    }),
    OPTIONS,
  );
});
