import assert from "node:assert/strict";
import { LocalStore } from "../../../../../plugins/sinks/_hdfs/stores/local_store.ts";
import type { Upload } from "../../../../../plugins/sinks/_hdfs/stores/store.ts";
import { patternBytes, slicesOf } from "../../../../support/byte_slices.ts";
import { StoppingStore, type StopPoint } from "../../../../support/stopping_store.ts";
import { DyingDisk } from "../../dying_disk.ts";
import { seededRandom, withFolder } from "../../rolling.ts";
import { Unsynced } from "../../unsynced.ts";

const NEVER = new AbortController().signal;
const CONTENT = patternBytes(3000);
const ROUNDS = Number(Deno.env.get("CRASH_ROUNDS") ?? 60);
const SEED = Deno.env.get("CRASH_SEED");
const SEEDS = SEED === undefined ? Array.from({ length: ROUNDS }, (_, seed) => seed) : [Number(SEED)];
const MOST_CALLS = 24;

/** What a sink does, and does again after a death, with what it has noted by then. */
interface Memory {
  upload?: Upload;
  isDone?: boolean;
}

async function deliver(store: Pick<LocalStore, "put" | "publish">, memory: Memory): Promise<void> {
  while (!memory.isDone) {
    memory.upload ??= await store.put("day=1/a.tmp", slicesOf(CONTENT, 1000), NEVER);
    const outcome = await store.publish(memory.upload, "day=1/a");
    assert.notEqual(outcome, "taken");
    if (outcome === "gone") delete memory.upload;
    else memory.isDone = true;
  }
}

/** Nobody may see anything under the final name but the whole file. */
function assertNoHalf(root: string): void {
  const found = read(`${root}/day=1/a`);
  if (found !== undefined) assert.deepEqual(found, CONTENT);
}

function read(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

function assertDelivered(root: string): void {
  assert.deepEqual(read(`${root}/day=1/a`), CONTENT);
  assert.deepEqual([...Deno.readDirSync(`${root}/day=1`)].map(({ name }) => name), ["a"]);
}

for (const losesPower of [false, true]) {
  Deno.test(`a file is there whole and once, ${losesPower ? "when the power fails" : "when the process dies"} at any call`, async () => {
    for (const seed of SEEDS) {
      const random = seededRandom(seed);
      try {
        await withFolder((folder) =>
          dieOnce(Deno.realPathSync(folder), random, losesPower ? new Unsynced() : undefined)
        );
      } catch (cause) {
        throw new Error(`CRASH_SEED=${seed}`, { cause });
      }
    }
  });
}

async function dieOnce(root: string, random: () => number, unsynced: Unsynced | undefined): Promise<void> {
  const memory: Memory = {};
  const disk = new DyingDisk(1 + Math.floor(random() * MOST_CALLS), random, unsynced);
  try {
    await deliver(new LocalStore(root), memory);
  } catch (cause) {
    if (!disk.isDead && !disk.hasRefused) throw cause;
  } finally {
    disk[Symbol.dispose]();
  }
  unsynced?.cut(random);
  assertNoHalf(root);
  if (memory.isDone) assertDelivered(root);
  // A sink that notes a file as sent may take it for fetched when it is not there any more.
  if (memory.upload) assert.deepEqual(read(`${root}/day=1/a.tmp`) ?? read(`${root}/day=1/a`), CONTENT);
  await deliver(new LocalStore(root), memory);
  assertDelivered(root);
}

Deno.test("a file is there whole and once, when the store stops or fails before, in or after any call", async () => {
  const moments = ["before", "during", "after"] as const;
  for (const kind of ["stop", "fail"] as const) {
    for (const moment of moments) {
      for (const call of [1, 2]) {
        await withFolder((folder) => stopOnce(Deno.realPathSync(folder), { call, moment, kind }));
      }
    }
  }
});

async function stopOnce(root: string, point: StopPoint): Promise<void> {
  const memory: Memory = {};
  using stopping = new StoppingStore(LocalStore.open(root), point);
  const life = deliver(stopping, memory).catch(() => {});
  await (point.kind === "stop" ? stopping.reached : life);
  assert.equal(stopping.calls, point.call);
  assertNoHalf(root);
  await deliver(point.kind === "stop" ? LocalStore.open(root) : stopping, memory);
  assertDelivered(root);
}
