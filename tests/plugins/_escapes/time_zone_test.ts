import assert from "node:assert/strict";
import { checkRounding, type Rounding, TimeZone } from "../../../plugins/_escapes/time_zone.ts";
import { template, textAt } from "./escaped.ts";

const FULL = "%Y-%m-%d %H %M %S %z";

/** Time, zone, rounding, and what must come. */
const CASES: readonly (readonly [time: string, timeZone: string, round: string, text: string])[] = [
  ["2012-06-12T11:54:34Z", "UTC", "10 minute", "2012-06-12 11 50 00 +0000"],
  ["2012-06-12T11:54:34.999Z", "UTC", "1 second", "2012-06-12 11 54 34 +0000"],
  ["2012-06-12T11:54:34Z", "UTC", "7 minute", "2012-06-12 11 49 00 +0000"],
  ["2012-06-12T11:59:59Z", "UTC", "7 minute", "2012-06-12 11 56 00 +0000"],
  ["2012-06-12T11:54:59Z", "UTC", "60 second", "2012-06-12 11 54 00 +0000"],
  ["2012-06-12T23:54:34Z", "UTC", "5 hour", "2012-06-12 20 00 00 +0000"],
  ["2012-06-12T23:54:34Z", "UTC", "24 hour", "2012-06-12 00 00 00 +0000"],
  ["2024-01-31T17:30:00Z", "Asia/Shanghai", "24 hour", "2024-02-01 00 00 00 +0800"],
  ["2024-01-31T18:44:59Z", "Asia/Kolkata", "1 hour", "2024-02-01 00 00 00 +0530"],
  ["2024-01-31T18:44:59Z", "America/New_York", "1 minute", "2024-01-31 13 44 00 -0500"],
  // The clock is put forward, and a day starts before.
  ["2024-03-31T00:59:59Z", "Europe/Berlin", "1 hour", "2024-03-31 01 00 00 +0100"],
  ["2024-03-31T01:00:00Z", "Europe/Berlin", "1 hour", "2024-03-31 03 00 00 +0200"],
  ["2024-03-31T10:00:00Z", "Europe/Berlin", "24 hour", "2024-03-31 00 00 00 +0100"],
  // It is put back: the same hour two times, of which each event keeps its own.
  ["2024-10-27T00:30:00Z", "Europe/Berlin", "1 hour", "2024-10-27 02 00 00 +0200"],
  ["2024-10-27T01:30:00Z", "Europe/Berlin", "1 hour", "2024-10-27 02 00 00 +0100"],
  ["2024-10-27T11:00:00Z", "Europe/Berlin", "24 hour", "2024-10-27 00 00 00 +0200"],
  // A day without its first hour, a change by half an hour, and one at a minute past midnight.
  ["2018-11-04T07:00:00Z", "America/Sao_Paulo", "24 hour", "2018-11-04 01 00 00 -0200"],
  ["2024-04-06T15:15:00Z", "Australia/Lord_Howe", "1 hour", "2024-04-07 01 00 00 +1100"],
  ["2010-03-14T03:30:30Z", "America/St_Johns", "1 second", "2010-03-14 00 00 30 -0330"],
  ["2010-03-14T03:31:00Z", "America/St_Johns", "1 second", "2010-03-14 01 01 00 -0230"],
];

for (const [time, timeZone, rounding, text] of CASES) {
  Deno.test(`escapes: ${time} in ${timeZone} rounded to ${rounding} is ${text}`, () => {
    const [value, unit] = rounding.split(" ");
    const round = { value: Number(value), unit } as Rounding;
    assert.equal(textAt(FULL, time, { timeZone, round }), text);
  });
}

Deno.test("escapes: the path of Flume's own example comes out, and %t is not rounded", () => {
  const round = { value: 10, unit: "minute" } as const;
  const text = textAt("/flume/events/%Y-%m-%d/%H%M/%S %t", "2012-06-12T11:54:34Z", { round });
  assert.equal(text, "/flume/events/2012-06-12/1150/00 1339502074000");
});

Deno.test("escapes: seconds since 1970 are rounded", () => {
  assert.equal(textAt("%s", "2012-06-12T11:54:34Z", { round: { value: 1, unit: "hour" } }), "1339498800");
});

for (const timeZone of ["GMT+8", "GMT+08:00", "UTC+0800", "CTT", "Asia/Shanghai"]) {
  Deno.test(`escapes: the time zone ${timeZone} is what Java takes it for`, () => {
    assert.equal(textAt("%H %z", "2024-01-01T20:00:00Z", { timeZone }), "04 +0800");
  });
}

Deno.test("escapes: a zone west of Greenwich by half hours has its sign", () => {
  assert.equal(textAt("%z", "2024-01-01T20:00:00Z", { timeZone: "GMT-3:30" }), "-0330");
});

Deno.test("escapes: a time zone that does not exist is refused", () => {
  assert.throws(() => template("%H", { timeZone: "Mars/Olympus" }), /There is no time zone "Mars\/Olympus"/);
});

Deno.test("escapes: without a time zone the system's own counts", () => {
  const ms = 1_700_000_000_000;
  assert.equal(new TimeZone(undefined).offsetMs(ms), new Date(ms).getTimezoneOffset() * -60_000 || 0);
});

for (const unit of ["second", "minute", "hour"] as const) {
  Deno.test(`escapes: rounding to ${unit}s has the limits that Flume has`, () => {
    const most = unit === "hour" ? 24 : 60;
    for (const value of [1, most]) checkRounding({ value, unit });
    for (const value of [0, -1, 1.5, NaN, most + 1]) {
      assert.throws(() => checkRounding({ value, unit }), RangeError, String(value));
    }
  });
}

Deno.test("escapes: all offsets of twenty years agree with what the system's calendar says", () => {
  for (const timeZone of ["America/St_Johns", "Europe/Berlin"]) {
    const zone = new TimeZone(timeZone);
    const format = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      hourCycle: "h23",
      ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" },
    });
    for (let ms = Date.UTC(2000, 0, 1); ms < Date.UTC(2020, 0, 1); ms += 17 * 3_607_000) {
      const [day, month, year, hour, minute] = format.format(ms).match(/\d+/g)!.map(Number);
      const local = Date.UTC(year!, month! - 1, day, hour, minute);
      assert.equal(Math.floor((ms + zone.offsetMs(ms)) / 60_000) * 60_000, local, new Date(ms).toISOString());
    }
  }
});
