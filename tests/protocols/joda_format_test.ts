import assert from "node:assert/strict";
import { JodaFormat } from "../../protocols/joda_format.ts";

const READ: readonly (readonly [pattern: string, text: string, expected: number | undefined])[] = [
  ["yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2026-03-12T08:14:02.250+0130", Date.UTC(2026, 2, 12, 6, 44, 2, 250)],
  ["yyyy-MM-dd'T'HH:mm:ssZZ", "2026-03-12T08:14:02Z", Date.UTC(2026, 2, 12, 8, 14, 2)],
  ["yyyy-MM-dd HH:mm:ss", "2026-03-12 08:14:02", new Date(2026, 2, 12, 8, 14, 2).getTime()],
  ["yyyy-MM-dd HH:mm:ss", "2026-3-2 8:4:2", new Date(2026, 2, 2, 8, 4, 2).getTime()],
  ["yyyyMMddHHmmss z", "20260312081402 PST", Date.UTC(2026, 2, 12, 16, 14, 2)],
  ["EEE, dd MMMM yyyy hh:mm a z", "Thu, 12 march 2026 12:05 am GMT", Date.UTC(2026, 2, 12, 0, 5)],
  ["MMM d HH:mm:ss z", "Feb 29 23:59:59 UTC", Date.UTC(2000, 1, 29, 23, 59, 59)],
  ["yyyy-DDD z", "2026-060 UTC", Date.UTC(2026, 2, 1)],
  ["dd.MM.yy z", "01.02.24 UTC", Date.UTC(2024, 1, 1)],
  ["HH 'o''clock' z", "07 o'clock UTC", Date.UTC(1970, 0, 1, 7)],
  ["yyyy-MM-dd z", "2026-02-30 UTC", undefined],
  ["yyyy-MM-dd z", "2026-13-01 UTC", undefined],
  ["yyyy-DDD z", "2026-366 UTC", undefined],
  ["HH:mm z", "24:00 UTC", undefined],
  ["yyyy-MM-dd", "yesterday", undefined],
];

for (const [pattern, text, expected] of READ) {
  Deno.test(`Joda format ${pattern} reads ${text} as ${expected}`, () => {
    const format = new JodaFormat(pattern);
    assert.equal(format.parse(text), expected);
    assert.equal(format.parse(text), expected);
  });
}

Deno.test("Joda format says why a pattern cannot be used", () => {
  assert.equal(JodaFormat.complaint("yyyy"), undefined);
  assert.match(JodaFormat.complaint("")!, /empty/);
  assert.match(JodaFormat.complaint("xxxx")!, /"xxxx"/);
  assert.match(JodaFormat.complaint("HH 'h")!, /quotation mark/);
});
