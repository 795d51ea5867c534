import assert from "node:assert/strict";
import type { AnyPlugin } from "sluice/plugin";
import avro from "../../../../plugins/sources/avro.ts";
import thrift from "../../../../plugins/sources/thrift.ts";
import { frameEnds, recorded } from "../../../support/avro_wire.ts";
import { runSource } from "../../../support/run_source.ts";
import { frame, headOf } from "../../../support/thrift_wire.ts";
import { until } from "../../../support/until.ts";
import { readBytes, readToEnd, send, warnings } from "../_avro/running.ts";
import { TestClock } from "./budget_run.ts";

const PLAIN = recorded("avro-plain", "c2s");
const [FIRST = 0, SECOND = 0] = frameEnds(PLAIN);
const APPEND = frame(`${headOf("append")} 1c 1b00 1801 'a' 00 00`);

/** Two calls, one after the other, with the events they bring. */
const CALLS: readonly (readonly [AnyPlugin, Uint8Array, Uint8Array, number])[] = [
  [avro, PLAIN.slice(0, FIRST), PLAIN.slice(FIRST, SECOND), 4],
  [thrift, APPEND, APPEND, 2],
];

for (const [plugin, call, next, events] of CALLS) {
  Deno.test(`${plugin.name} source closes a client that stops in the middle of a call, and none between two`, async () => {
    const clock = new TestClock();
    const run = runSource(plugin, { bind: "127.0.0.1", port: 0, frameTimeout: 30 }, { clock });
    const { counters } = run.context;
    const watched = async () => {
      const { sleeps } = clock;
      await until("two looks at the clients", () => clock.sleeps > sleeps + 2);
    };
    await until("the port", () => counters.get("Port") > 0);
    const connect = () => Deno.connect({ hostname: "127.0.0.1", port: counters.get("Port") });
    const [slow, idle] = [await connect(), await connect()];
    await send(idle, call);
    await readBytes(idle, 1);
    await send(slow, new Uint8Array([...call, ...next.subarray(0, 6)]));
    await readBytes(slow, 1);
    clock.nowMs += 29_000;
    await watched();
    // A byte of the call is progress.
    await send(slow, next.subarray(6, 7));
    await watched();
    clock.nowMs += 29_000;
    await watched();
    assert.deepEqual(warnings(run), []);
    clock.nowMs += 2000;
    await readToEnd(slow);
    await until("the warning", () => warnings(run).length > 0);
    assert.match(
      warnings(run).join("\n"),
      /stopped in the middle of a call: Nothing came for 30 s \(frameTimeout\)$/,
    );
    assert.equal(counters.get("EventReadFail"), 1);
    await send(idle, next);
    await run.untilSize(1 + events);
    idle.close();
    await run.stop();
  });
}
