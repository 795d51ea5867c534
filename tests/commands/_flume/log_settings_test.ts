import assert from "node:assert/strict";
import { logSettings } from "../../../commands/_flume/log_settings.ts";

const CASES: readonly { written: string | undefined; level?: string; format?: string; notes: number }[] = [
  { written: undefined, notes: 0 },
  { written: "INFO,console", level: "info", format: "text", notes: 0 },
  { written: "debug, console", level: "debug", format: "text", notes: 0 },
  { written: "=WARN,console", level: "warn", format: "text", notes: 1 },
  { written: "INFO,LOGFILE", level: "info", notes: 1 },
  { written: "TRACE", level: "debug", notes: 0 },
  { written: "LOUD,console", format: "text", notes: 1 },
];

for (const { written, notes, ...expected } of CASES) {
  Deno.test(`flume.root.logger ${written ?? "that is not given"} sets level and form of the log`, () => {
    const { notes: told, ...settings } = logSettings(written);
    assert.deepEqual(settings, expected);
    assert.equal(told.length, notes, told.join("\n"));
  });
}
