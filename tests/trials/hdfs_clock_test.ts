import assert from "node:assert/strict";
import { type Clock, EventBatch, type Sink, systemClock } from "sluice/plugin";
import { makeHdfs, withFolders } from "../plugins/sinks/_hdfs/making.ts";
import { sharedServerTest } from "../servers/mod.ts";
import { until } from "../support/until.ts";
import { HdfsLook } from "./hdfs/look.ts";
import { randomFor, ROUNDS, SEED } from "./settings.ts";

const hdfsTest = sharedServerTest("hdfs");
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 2, 29, 11, 59, 59, 900);
/** How a clock is set, in ms: over the hour and back, by a moment, by hours, and to where it was. */
const JUMPS_MS = [0, 1, 200, -200, HOUR_MS, -HOUR_MS, -2 * HOUR_MS, 26 * HOUR_MS, 26 * -HOUR_MS];
const JUMPS = ROUNDS > 3 ? ROUNDS * 3 : 12;
const signal = new AbortController().signal;

/** A clock that stands still until it is set; waits take their time. */
class SetClock implements Clock {
  nowMs = START_MS;
  now = () => this.nowMs;
  sleep = (ms: number, stop?: AbortSignal) => systemClock.sleep(ms, stop);
}

/** Writes some events; gives each with the folder that it must be in. */
async function write(sink: Sink, { clock, from, size }: { clock: SetClock; from: number; size: number }) {
  const bodies = Array.from({ length: size }, (_, index) => `event ${from + index}`);
  const batch = EventBatch.from(bodies.map((body) => ({ body }))).with({ position: { in: from + size } });
  const hour = new Date(clock.nowMs).toISOString().slice(0, 13).replace("T", "/");
  await (await sink.write(batch, signal))!.delivered;
  return bodies.map((body) => [body, hour] as const);
}

for (const durable of ["stage", "append"]) {
  hdfsTest(
    `a clock that jumps over the hour and back puts each event once into the folder of its hour (durable: ${durable}, TRIAL_SEED=${SEED})`,
    ({ env }) =>
      withFolders(async ({ state: stateDir }) => {
        const random = randomFor(durable);
        using look = new HdfsLook(env.HDFS_WEBHDFS!, `/clock-${durable}`);
        const settings = {
          path: `${env.HDFS_URI}/clock-${durable}/%Y-%m-%d/%H`,
          nameNodes: env.HDFS_WEBHDFS!.split(",").map((at) => `http://${at}`),
          ...{
            user: "root",
            timeZone: "UTC",
            useLocalTimeStamp: true,
            rollCount: 3,
            rollInterval: 1,
            durable,
          },
        };
        const clock = new SetClock();
        const expected = new Map<string, string>();
        let sink = await makeHdfs(settings, { stateDir, clock });
        for (let jump = 0; jump < JUMPS; jump++) {
          const size = 1 + random.below(5);
          for (const [body, hour] of await write(sink, { clock, from: expected.size, size })) {
            expected.set(body, hour);
          }
          clock.nowMs += random.pick(JUMPS_MS);
          if (!random.chance(0.2)) continue;
          await sink.close!();
          sink = await makeHdfs(settings, { stateDir, clock });
          assert.deepEqual(await sink.resume!(), { in: expected.size });
        }
        // The last files are closed by their age, whatever the clock says.
        await until("all files", async () => (await readAll(look)).length >= expected.size, 30_000);
        await sink.close!();
        const arrived = await readAll(look);
        console.log(
          JSON.stringify({ trial: `clock, ${durable}`, seed: SEED, jumps: JUMPS, events: arrived.length }),
        );
        assert.deepEqual(arrived.toSorted(byBody), Array.from(expected).toSorted(byBody));
        assert.deepEqual((await look.list()).filter(({ path }) => path.endsWith(".tmp")), []);
      }),
  );
}

/** Events with the folders that they are in; within a file they must be in order. */
async function readAll(look: HdfsLook): Promise<(readonly [string, string])[]> {
  const events: (readonly [string, string])[] = [];
  for (const { path } of await look.list()) {
    if (path.endsWith(".tmp")) continue;
    const bodies = new TextDecoder().decode(await look.read(path)).split("\n").slice(0, -1);
    const numbers = bodies.map((body) => Number(body.split(" ")[1]));
    assert.deepEqual(numbers, numbers.toSorted((one, other) => one - other), path);
    for (const body of bodies) events.push([body, path.split("/").slice(1, -1).join("/")]);
  }
  return events;
}

function byBody([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1;
}
